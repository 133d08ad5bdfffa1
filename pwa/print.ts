/** The fingerprint in a page: a credential of the phone's gives a secret (WebAuthn's PRF) that opens the vault. */
import { type Bytes, fromText, random, toText } from "./crypto/bytes";

interface Prf {
  prf?: { enabled?: boolean; results?: { first?: BufferSource } };
}

/** Call once in a page. */
export function attachPrint(): void {
  const unlock = document.querySelector<HTMLElement>("[data-use-print]");
  unlock?.addEventListener("click", () => void use(unlock));
  const setup = document.querySelector<HTMLElement>("[data-print-setup]");
  if (!setup || !window.PublicKeyCredential) return;
  void PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().then((can) => {
    setup.hidden = !can;
  });
  setup.querySelector("button[type=button]")?.addEventListener("click", () => void begin(setup));
}

async function use(button: HTMLElement): Promise<void> {
  const form = button.closest("form");
  try {
    const secret = await secretOf(fromText(form?.dataset.print ?? ""), fromText(form?.dataset.salt ?? ""));
    const body = new URLSearchParams({ secret: toText(secret) });
    for (const name of ["who", "back"])
      body.set(name, form?.querySelector<HTMLInputElement>(`[name=${name}]`)?.value ?? "");
    await go("/app/unlock", body);
  } catch {
    say(button.querySelector("[role=status]"), button.dataset.failed);
  }
}

async function begin(setup: HTMLElement): Promise<void> {
  const status = setup.querySelector<HTMLElement>("[role=status]");
  try {
    const { user = "", name = "", salt = "" } = setup.dataset;
    const id = await created(fromText(user), name);
    const secret = await secretOf(id, fromText(salt));
    await go(
      "/app/locks/print",
      new URLSearchParams({ secret: toText(secret), salt, credential: toText(id) }),
    );
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

/** Not by a form: what browsers remember of forms is written to disk. */
async function go(path: string, body: URLSearchParams): Promise<void> {
  const response = await fetch(path, { method: "POST", body });
  if (!response.ok || response.url.includes("/app/unlock")) throw new Error("not opened");
  location.replace(response.url);
}
