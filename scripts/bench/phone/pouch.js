/** The same by PouchDB: a database of pouchdb-server's, replicated into a new one of this browser's. */
import PouchDB from "pouchdb-browser";

const remote = () => new PouchDB(`${location.origin}/bench`);

async function fill(docs) {
  const answers = await remote().bulkDocs(docs.map((doc) => ({ ...doc, _id: doc.id })));
  if (answers.some((answer) => answer.error)) throw new Error(JSON.stringify(answers[0]));
}

async function pull() {
  const local = new PouchDB(`local-${performance.now()}`);
  const began = performance.now();
  await local.replicate.from(remote());
  const took = performance.now() - began;
  const { doc_count } = await local.info();
  await local.destroy();
  return [took, doc_count];
}

Object.assign(self, { bench: { fill, pull } });
