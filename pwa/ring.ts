/**
 * The open key. It lives in the memory of the worker and of each open page and is never written anywhere: a worker that
 * was stopped asks the pages for it. One person's at a time. Away for a while, it goes, or with a PIN it dozes.
 */
import type { ServerKey } from "./crypto/server";

/** An open data key, as worker and pages hand it to each other. Times in ms of this phone's clock. */
export interface Held {
  user: string;
  keyId: string;
  key: CryptoKey;
  /** Whose key finished work is sealed to; null before a server told one. */
  server: ServerKey | null;
  /** The end of the lease. */
  until: number;
  /** When a page was last seen to be visible, and when somebody last did something there. */
  shown: number;
  touched: number;
  pin: boolean;
  /** Only the PIN makes it of use again. */
  dozing: boolean;
}

export const AWAY = 5 * 60_000;
export const STILL = 15 * 60_000;

/** Whether nobody has been there for so long that the vault must be locked. */
export function isLeft(held: Held, now: number): boolean {
  return now - held.shown > AWAY || now - held.touched > STILL;
}

export interface Pages {
  /** The key as some open page has it; undefined when some page has not answered. */
  ask(): Promise<Held | null | undefined>;
  /** Tells every page what it is to hold from now on. */
  tell(held: Held | null): Promise<void>;
}
const NOBODY: Pages = { ask: async () => null, tell: async () => undefined };

export class Ring {
  private held: Held | null = null;
  private asked = false;
  private asking: Promise<void> | null = null;
  /** Grows whenever somebody says what is held: an answer to an older question no longer counts. */
  private turn = 0;

  constructor(
    private readonly pages: Pages = NOBODY,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** What is held, dozing or not, after a look at the clock. */
  async find(): Promise<Held | null> {
    if (!this.held && !this.asked) {
      this.asking ??= this.ask().finally(() => {
        this.asking = null;
      });
      await this.asking;
    }
    if (this.held && this.now() > this.held.until) await this.lock();
    else if (this.held && !this.held.dozing && isLeft(this.held, this.now())) await this.leave();
    return this.held;
  }

  private async ask(): Promise<void> {
    const { turn } = this;
    const found = await this.pages.ask();
    if (turn !== this.turn) return;
    this.held = found ?? null;
    this.asked = found !== undefined;
  }

  /** This person's key, if it is open now; `find` brings it after a worker's start. */
  key(user: string): Held | null {
    const held = this.held;
    return held && held.user === user && !held.dozing ? held : null;
  }

  /** Somebody is there: a page is visible, and was touched `idle` ms ago. */
  seen(idle: number): void {
    if (!this.held || this.held.dozing) return;
    this.held.shown = this.now();
    this.held.touched = Math.max(this.held.touched, this.now() - idle);
  }

  async put(key: Omit<Held, "shown" | "touched" | "dozing">): Promise<void> {
    this.turn++;
    this.held = { ...key, shown: this.now(), touched: this.now(), dozing: false };
    await this.pages.tell(this.held);
  }

  /** Something about the open key changed. */
  async renew(change: Partial<Pick<Held, "until" | "server" | "pin">>): Promise<void> {
    if (!this.held) return;
    this.held = { ...this.held, ...change };
    await this.pages.tell(this.held);
  }

  /** Nobody is there any more: with a PIN the key stays and can't be used, else it goes. */
  async leave(): Promise<void> {
    if (!this.held?.pin) return this.lock();
    this.held = { ...this.held, dozing: true };
    await this.pages.tell(this.held);
  }

  async lock(): Promise<void> {
    this.turn++;
    this.held = null;
    this.asked = true;
    await this.pages.tell(null);
  }
}
