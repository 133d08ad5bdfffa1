/**
 * /rescue: saves what was not sent and replaces a worker that does not work any more. It reads the phone's databases as
 * they lie, with nothing of the worker's between, and never makes, upgrades or deletes one.
 */
import type { OpRow } from "./boxes";
import type { Locks } from "./locks";
import type { Card, Core, Settings } from "./records";
import { fmt } from "./text";
import { fileName, fileOf, isReady, type Parcel, parcelOf, records } from "./unsent";

/** All rows of a store; none where there is no such database or store. */
async function rows<T>(database: string, store: string): Promise<T[]> {
  const db = await opened(database);
  if (!db) return [];
  try {
    if (!db.objectStoreNames.contains(store)) return [];
    return (await done(db.transaction(store).objectStore(store).getAll())) as T[];
  } finally {
    db.close();
  }
}

function opened(name: string): Promise<IDBDatabase | null> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    let isNew = false;
    request.onupgradeneeded = () => {
      isNew = true; // there was none: it must not come into being here
      request.transaction?.abort();
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => (isNew ? resolve(null) : reject(request.error));
  });
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function parcels(): Promise<Parcel[]> {
  const locks = await rows<Locks>("zoufang", "locks");
  const found: Parcel[] = [];
  for (const card of await rows<Card>("zoufang", "vaults")) {
    const server = locks.find(({ user }) => user === card.user)?.server;
    const [core] = await rows<Core>(`zoufang-${card.id}`, "core");
    found.push(parcelOf(card, server, await rows<OpRow>(`zoufang-${card.id}`, "ops"), core));
  }
  return found.filter((parcel) => parcel.rows.length > 0);
}

function show(parcel: Parcel): void {
  const template = document.getElementById("vault") as HTMLTemplateElement;
  const part = document.importNode(template.content, true);
  const find = <T extends HTMLElement>(name: string) => part.querySelector(`[data-${name}]`) as T;
  find("name").textContent = parcel.card.name;
  find("school").textContent = parcel.card.schoolName;
  const count = find("count");
  count.textContent = fmt(count.dataset.count ?? "", { n: records(parcel) });
  const [save, not, saved] = [find<HTMLButtonElement>("save"), find("not"), find("saved")];
  not.hidden = isReady(parcel);
  save.hidden = !isReady(parcel);
  const send = find<HTMLButtonElement>("send");
  save.addEventListener("click", async () => {
    const now = new Date();
    const text = await fileOf(parcel, now);
    if (!text) return;
    const name = fileName(parcel, now);
    download(text, name);
    saved.textContent = fmt(saved.dataset.text ?? "", { file: name });
    saved.hidden = false;
    offerToSend(send, text, name);
  });
  document.getElementById("vaults")?.append(part);
}

function download(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Browsers share only sorts of files that they know: it goes as text, under the same name. */
function offerToSend(button: HTMLButtonElement, text: string, name: string): void {
  const data = { files: [new File([text], `${name}.txt`, { type: "text/plain" })] };
  button.hidden = !navigator.canShare?.(data);
  button.onclick = () =>
    navigator.share(data).catch((error: Error) => {
      button.hidden = error.name !== "AbortError"; // the file is saved all the same
    });
}

function hide(id: string, hidden: boolean): void {
  document.getElementById(id)?.toggleAttribute("hidden", hidden);
}

/** As large and as dark as the app is. */
async function dress(): Promise<void> {
  const [settings] = await rows<Settings>("zoufang", "settings");
  const { dataset } = document.documentElement;
  if (settings && settings.text !== "100") dataset.text = settings.text;
  if (settings && settings.theme !== "light") dataset.theme = settings.theme;
}

async function look(): Promise<void> {
  try {
    await dress();
    const found = await parcels();
    for (const parcel of found) show(parcel);
    hide("none", found.length > 0);
  } catch {
    hide("unread", false);
  }
  hide("looking", true);
}

/** The program only: workers and what they had fetched. The databases stay, and without a signal all of it. */
async function renew(): Promise<void> {
  const there = await fetch("/sw.js", { cache: "no-store" }).then(
    ({ ok }) => ok,
    () => false,
  );
  hide("away", there);
  hide("renewed", true);
  if (!there) return;
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  for (const registration of registrations) await registration.unregister();
  if ("caches" in self) for (const name of await caches.keys()) await caches.delete(name);
  hide("renewed", false);
}

document.getElementById("renew")?.addEventListener("click", () => void renew());
void look();
