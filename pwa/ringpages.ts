/** The worker's side of the open key in pages: asking them for it after a start, telling them what to hold. */
import { type Held, isLeft, type Pages } from "./ring";

/** A page that sleeps never answers. */
const PATIENCE = 3000;

export function keyPages(worker: ServiceWorkerGlobalScope): Pages {
  const windows = () => worker.clients.matchAll({ type: "window" });
  return {
    async ask() {
      const answers = (await windows()).map(askOne);
      let any: Held | null = null;
      for (const answer of answers) void answer.then((held) => (any ??= held));
      const all = Promise.all(answers).then(() => any);
      return Promise.race([firstOf(answers), all, waited().then(() => any ?? undefined)]);
    },
    async tell(held) {
      for (const page of await windows()) page.postMessage({ type: "ring", held });
    },
  };
}

function askOne(page: Client): Promise<Held | null> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<Held | null>) => resolve(data);
    page.postMessage({ type: "ring?" }, [port2]);
  });
}

/** From a page where somebody is: in another one nobody may have been for long. */
async function firstOf(answers: Promise<Held | null>[]): Promise<Held | null> {
  return new Promise((resolve) => {
    for (const answer of answers)
      void answer.then((held) => held && (held.dozing || !isLeft(held, Date.now())) && resolve(held));
  });
}

function waited(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), PATIENCE));
}
