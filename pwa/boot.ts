/** The page that a server answers under /app/ until the worker does: installs it, or says what stands in the way. */

/** Shows the part for what is the case; the others stay hidden. */
function show(part: string): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-boot]")) {
    element.hidden = element.dataset.boot !== part;
  }
}

async function install(): Promise<void> {
  const registration = await navigator.serviceWorker.register("/sw.js", {
    scope: "/app/",
    updateViaCache: "none",
  });
  if (registration.active) {
    // A forced reload goes past the worker: one that is there takes over with the next plain navigation.
    location.replace(location.href);
    return;
  }
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
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
