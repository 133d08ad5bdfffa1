"""A phone's databases as they lie, by the page's own means."""

from __future__ import annotations

from tests.journeys.browser import Browser

NAMES = "async () => (await indexedDB.databases()).map(({ name }) => name)"
DELETE = """(name) => new Promise((done, failed) => {
  const request = indexedDB.deleteDatabase(name);
  request.onsuccess = () => done();
  request.onerror = () => failed(request.error);
})"""
STORE = """async ([name, texts, noise]) => {
  const db = await new Promise((done, failed) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("rows", { autoIncrement: true });
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const write = (values) => new Promise((done, failed) => {
    const tx = db.transaction("rows", "readwrite", { durability: "strict" });
    for (const value of values) tx.objectStore("rows").add(value);
    tx.oncomplete = done;
    tx.onabort = () => failed(tx.error);
  });
  await write(texts.map((text) => ({ text, bytes: new TextEncoder().encode(text) })));
  for (let left = noise; left > 0; left -= 1)
    await write(Array.from({ length: 32 }, () => crypto.getRandomValues(new Uint8Array(32768))));
  db.close();
}"""
DUMP = """async () => {
  const read = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await read(indexedDB.open(name));
    for (const store of db.objectStoreNames)
      found.push([name, store, await read(db.transaction(store).objectStore(store).getAll())]);
    db.close();
  }
  const isBytes = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  return JSON.stringify(found, (_, value) => (isBytes(value) ? new TextDecoder().decode(value) : value));
}"""


def stores(phone: Browser) -> list[str]:
    """The names of the databases; a vault's has a point in it."""
    return phone.page.evaluate(NAMES)


def delete_stores(phone: Browser, *names: str) -> None:
    """Delete these databases, as a browser does that needs room."""
    for name in names:
        phone.page.evaluate(DELETE, name)


def dump(phone: Browser) -> str:
    """Everything that is stored, as JSON; bytes as the text that they are in UTF-8, if they are one."""
    return phone.page.evaluate(DUMP)


def keep(phone: Browser, name: str, *texts: str) -> None:
    """Store texts in the clear on purpose, each as a text and as bytes, in a database of this name."""
    phone.page.evaluate(STORE, [name, list(texts), 0])


def flood(phone: Browser, megabytes: int) -> None:
    """Store so much noise that LevelDB moves what came before from its log into a table."""
    phone.page.evaluate(STORE, ["noise", [], megabytes])
