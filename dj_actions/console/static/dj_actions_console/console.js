// Keeps a page up to date: asks cheaply whether anything has changed, and lets htmx fetch the page
// again if it has. Not while the tab is hidden, something is selected or typed, or on request.
"use strict";
(() => {
  const MINIMUM_INTERVAL = 500; // milliseconds
  let version = "";
  let isAsking = false;

  // What takes text; a checkbox does not.
  const TEXT = "input:not([type=checkbox], [type=radio]), select, textarea";

  const live = () => document.getElementById("live");
  const pause = () => document.getElementById("live-pause");

  const isBusy = (element) =>
    document.hidden ||
    pause()?.getAttribute("aria-pressed") === "true" ||
    element.querySelector("input:checked:not([type=radio])") !== null ||
    (element.contains(document.activeElement) && document.activeElement.matches(TEXT));

  const ask = async () => {
    const element = live();
    if (element === null || isAsking || isBusy(element)) return;
    isAsking = true;
    try {
      const headers = version ? { "If-None-Match": version } : {};
      const response = await fetch(element.dataset.pollUrl, { headers, cache: "no-store" });
      if (response.status === 304) return;
      const isFirst = version === "";
      version = response.headers.get("ETag") ?? "";
      // The page itself is newer than the first answer; a refused token is renewed by the page.
      if (!isFirst || !response.ok) element.dispatchEvent(new Event("console:changed"));
    } catch {
      // The server is not reachable: the next question may be answered.
    } finally {
      isAsking = false;
    }
  };

  const seconds = Number(live()?.dataset.pollInterval ?? 0);
  if (seconds > 0) {
    pause()?.removeAttribute("hidden");
    pause()?.addEventListener("click", () => {
      const isPressed = pause().getAttribute("aria-pressed") === "true";
      pause().setAttribute("aria-pressed", String(!isPressed));
    });
    ask();
    setInterval(ask, Math.max(seconds * 1000, MINIMUM_INTERVAL));
  }

  // The next step of something that takes several requests.
  document.querySelector("form[data-continue]")?.requestSubmit();

  // Buttons that copy a text of this page, or of another one; without scripts, they are hidden.
  document.documentElement.classList.add("scripts");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button.copy");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy ?? "");
    const text =
      source?.textContent ??
      (await (await fetch(button.dataset.copyUrl, { cache: "no-store" })).text());
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.copied;
    } catch {
      // Not allowed, or no secure context: select it, or show it, to be copied by hand.
      if (source) getSelection().selectAllChildren(source);
      else location.assign(button.dataset.copyUrl);
    }
  });

  const shortcuts = document.getElementById("shortcuts");
  const opener = document.getElementById("shortcuts-open");
  opener?.removeAttribute("hidden");
  opener?.addEventListener("click", () => shortcuts.showModal());

  // The entries of a page, each with its first link.
  const entries = () =>
    [...document.querySelectorAll(":is(tbody tr, .cause, .entry, .card, .found li):has(a)")]
      .map((entry) => ({ entry, target: entry.querySelector("a") }));

  const move = (step) => {
    const all = entries();
    const current = all.findIndex(({ entry }) => entry.contains(document.activeElement));
    const next = current < 0 ? (step > 0 ? 0 : all.length - 1) : current + step;
    all[next]?.target.focus();
  };

  const keys = {
    "/": () => document.getElementById("search")?.focus(),
    "?": () => shortcuts?.showModal(),
    j: () => move(1),
    k: () => move(-1),
    p: () => pause()?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || shortcuts?.open) return;
    if (event.target.matches?.(TEXT)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
