/** What befalls a phone that has to go on as another client, for tests: copies, lost keys, a server that is busy. */
import type { OpRow } from "../../pwa/boxes";
import type { Op } from "../../pwa/protocol";
import type { SyncNote } from "../../pwa/records";
import { type Parcel, parcelOf } from "../../pwa/unsent";
import type { Snapshot, Vault } from "../../pwa/vault";
import type { Door } from "./door";
import { Phone } from "./phone";

export const textOf = ({ set }: Op) => set?.home_fb;

/** One person's phone and the server that it meets. */
export class Story {
  private readonly reached: Door["fetch"];

  private constructor(readonly phone: Phone) {
    this.reached = phone.door.fetch;
    phone.door.forks = true;
  }

  static async begin(): Promise<Story> {
    return new Story(await Phone.open());
  }

  get door(): Door {
    return this.phone.door;
  }

  async write(...texts: string[]): Promise<void> {
    for (const text of texts) await this.phone.write(this.phone.a, text);
  }

  async sync(): Promise<SyncNote> {
    return this.phone.sync(this.phone.a);
  }

  async vault(): Promise<Vault> {
    return this.phone.vault(this.phone.a);
  }

  async snapshot(): Promise<Snapshot> {
    return (await this.vault()).snapshot();
  }

  /** Who the phone is now. */
  async client(): Promise<string> {
    return (await this.snapshot()).core.client;
  }

  async rows(): Promise<OpRow[]> {
    return (await this.vault()).shelf.opRows();
  }

  /** How many records are said to wait. */
  async unsent(): Promise<number> {
    return (await this.vault()).shelf.waiting();
  }

  /** Signed in, with a first record at the school; the client's id. */
  async signedIn(): Promise<string> {
    await this.phone.signIn(this.phone.a);
    await this.write("开头");
    await this.sync();
    return this.client();
  }

  /** The key is lost: all that was written so far can't be read any more. */
  async loseKey(): Promise<void> {
    this.phone.restart(false);
    this.phone.a.password += "又";
    await this.phone.signIn(this.phone.a);
    await this.phone.unlock(this.phone.a, { afresh: "yes" });
  }

  /** A copy of the phone got there first: under its next number the server has something else. */
  copied(of: string): void {
    const seq = this.door.of(of).length + 1;
    this.door.of(of).push({ seq, set: { home_fb: "另一台的" } } as unknown as Op);
  }

  /** The server is busy for every client but this one; without one it is there for all. */
  onlyFor(one?: string): void {
    const busy: Door["fetch"] = async (path, init = {}) => {
      const of = /"client":"([^"]+)"/.exec(String(init.body))?.[1];
      return of && of !== one ? new Response(null, { status: 503 }) : this.reached(path, init);
    };
    Object.assign(this.door, { fetch: one ? busy : this.reached });
  }

  async parcel(): Promise<Parcel> {
    return parcelOf(await this.phone.card(this.phone.a), this.door.key, await this.rows());
  }

  /** What the server has of a client. */
  texts(client: string): unknown[] {
    return this.door.of(client).map(textOf);
  }

  /** All that the server has, of all clients, each as often as it was taken. */
  taken(): unknown[] {
    return [...this.door.taken.values()].flat().map(textOf);
  }
}
