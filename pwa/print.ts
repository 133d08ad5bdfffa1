/** The fingerprint in a page: a credential of the phone's gives a secret (WebAuthn's PRF) that opens the vault. */
import { type Bytes, fromText, random, toText } from "./crypto/bytes";

interface Prf {
  prf?: { enabled?: boolean; results?: { first?: BufferSource } };
}

/** Call once in a page. */
export function attachPrint(): void {
  document.addEventListener("click", (event) => {
    const unlock = (event.target as Element).closest<HTMLElement>("[data-use-print]");
    if (unlock) void use(unlock);
  });
  const setup = document.querySelector<HTMLElement>("[data-print-setup]");
  if (!setup || !window.PublicKeyCredential) return;
  void PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().then((can) => {
    setup.hidden = !can;
  });
  setup.querySelector("button[type=button]")?.addEventListener("click", () => void begin(setup));
}

async function use(button: HTMLElement): Promise<void> {
  const form = button.closest("form");
  if (!form) return;
  try {
    const secret = await secretOf(fromText(form.dataset.print ?? ""), fromText(form.dataset.salt ?? ""));
    const own = [...form.elements].filter((one): one is HTMLInputElement => one instanceof HTMLInputElement);
    const value = (name: string) => own.find((one) => one.name === name)?.value ?? "";
    const body = { secret: toText(secret), who: value("who"), back: value("back") };
    const to = await go("/app/unlock", new URLSearchParams(body));
    // Over a page with something unsaved, the lock goes by itself.
    if (value("over")) return;
    if (value("to")) goOn(form, own, value("to"));
    else location.replace(to);
  } catch {
    say(form.querySelector("[data-print-said]"), button.dataset.failed);
  }
}

/** What was on its way when it locked goes on as a form of its own, without the secret. */
function goOn(form: HTMLFormElement, own: HTMLInputElement[], to: string): void {
  for (const input of own) input.name = input.name.startsWith("again:") ? input.name.slice(6) : "";
  form.action = to;
  HTMLFormElement.prototype.submit.call(form);
}

async function begin(setup: HTMLElement): Promise<void> {
  const status = setup.querySelector<HTMLElement>("[role=status]");
  try {
    const { user = "", name = "", salt = "" } = setup.dataset;
    const id = await created(fromText(user), name);
    const secret = await secretOf(id, fromText(salt));
    const body = new URLSearchParams({ secret: toText(secret), salt, credential: toText(id) });
    location.replace(await go("/app/locks/print", body));
  } catch {
    say(status, status?.dataset.failed);
  }
}

function say(line: Element | null, words = ""): void {
  if (line) line.textContent = words;
}

async function created(id: Bytes, name: string): Promise<Bytes> {
  const made = (await navigator.credentials.create({
    publicKey: {
      rp: { name: document.title },
      user: { id, name, displayName: name },
      challenge: random(32),
      pubKeyCredParams: [
        { type: "public-key", alg: -7 },
        { type: "public-key", alg: -257 },
      ],
      authenticatorSelection: { authenticatorAttachment: "platform", userVerification: "required" },
      extensions: { prf: {} },
    },
  })) as PublicKeyCredential | null;
  const { prf } = (made?.getClientExtensionResults() ?? {}) as Prf;
  if (!made || !prf?.enabled) throw new Error("no PRF");
  return new Uint8Array(made.rawId);
}

async function secretOf(id: Bytes, salt: Bytes): Promise<Bytes> {
  const got = (await navigator.credentials.get({
    publicKey: {
      challenge: random(32),
      allowCredentials: [{ type: "public-key", id }],
      userVerification: "required",
      extensions: { prf: { eval: { first: salt } } },
    },
  })) as PublicKeyCredential | null;
  const first = ((got?.getClientExtensionResults() ?? {}) as Prf).prf?.results?.first;
  if (!first) throw new Error("no PRF");
  return new Uint8Array(first as ArrayBuffer);
}

/** Where the answer leads. Not by a form: what browsers remember of forms is written to disk. */
async function go(path: string, body: URLSearchParams): Promise<string> {
  const response = await fetch(path, { method: "POST", body });
  if (!response.ok || response.url.includes("/app/unlock")) throw new Error("not opened");
  return response.url;
}
