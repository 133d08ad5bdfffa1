/** The page that a server answers under /app/ until the worker does: installs it, or says what stands in the way. */

const TRIES = "boot-tries";
const MOST_TRIES = 3;

/** Shows the part for what is the case; the others stay hidden. */
function show(part: string): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-boot]")) {
    element.hidden = element.dataset.boot !== part;
  }
}

/** On to the worker's own page. A forced reload goes past a worker that is there; that may happen a few times only. */
function enter(): void {
  const tries = Number(sessionStorage.getItem(TRIES) ?? 0) + 1;
  sessionStorage.setItem(TRIES, String(tries));
  if (tries > MOST_TRIES) {
    sessionStorage.removeItem(TRIES);
    show("failed");
    return;
  }
  location.replace(location.pathname.startsWith("/app/") ? location.href : "/app/");
}

async function install(): Promise<void> {
  const registration = await navigator.serviceWorker.register("/sw.js", {
    scope: "/app/",
    updateViaCache: "none",
  });
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker || worker.state === "activated") return enter();
  worker.addEventListener("statechange", () => {
    if (worker.state === "activated") enter();
    if (worker.state === "redundant") show("failed");
  });
}

async function start(): Promise<void> {
  if (/MicroMessenger/i.test(navigator.userAgent)) return show("wechat");
  if (!window.isSecureContext) return show("insecure");
  if (!("serviceWorker" in navigator) || !("indexedDB" in window)) return show("old");
  show("loading");
  try {
    await install();
  } catch {
    show("failed");
  }
}

void start();
