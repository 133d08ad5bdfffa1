"""A phone's databases as they lie, by the page's own means."""

from __future__ import annotations

from tests.journeys.browser import Browser

NAMES = "async () => (await indexedDB.databases()).map(({ name }) => name)"
DELETE = """(name) => new Promise((done, failed) => {
  const request = indexedDB.deleteDatabase(name);
  request.onsuccess = () => done();
  request.onerror = () => failed(request.error);
})"""
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
  return JSON.stringify(found);
}"""


def stores(phone: Browser) -> list[str]:
    """The names of the databases; a vault's has a point in it."""
    return phone.page.evaluate(NAMES)


def delete_stores(phone: Browser, *names: str) -> None:
    """Delete these databases, as a browser does that needs room."""
    for name in names:
        phone.page.evaluate(DELETE, name)


def dump(phone: Browser) -> str:
    """Everything that is stored, as JSON; bytes as lists of numbers."""
    return phone.page.evaluate(DUMP)
