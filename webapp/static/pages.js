// What pages do beyond being documents. Every page works without it; templates/macros.html says
// which attributes ask for what. Listeners sit on the document, so what is replaced keeps working.

const REFRESH_MS = 2000;
const SLOWEST_MS = 30000;
const THEME = "theme";

// Fragments that refresh themselves while work is under way: data-refresh

async function fetchPage(address, options) {
  const answer = await fetch(address, { credentials: "same-origin", ...options });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { answer, page };
}

function say(text) {
  document.getElementById("announcer").textContent = text;
}

// Puts what came in the place of what is there; what had been opened or focused stays so.
function replace(old, fresh) {
  const opened = [...old.querySelectorAll("details[open]")].map((one) => one.querySelector("summary")?.textContent);
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const element = document.adoptNode(fresh);
  for (const one of element.querySelectorAll("details")) {
    if (opened.includes(one.querySelector("summary")?.textContent)) one.open = true;
  }
  old.replaceWith(element);
  prepare(element);
  if (focused) document.getElementById(focused)?.focus();
  return element;
}

function isInUse(element) {
  const focused = document.activeElement;
  return element.contains(focused) && focused.matches("input, select, textarea");
}

async function refresh(id, wait) {
  const old = document.getElementById(id);
  if (!old || old.dataset.refresh === undefined) return;
  if (document.hidden || isInUse(old)) return later(id, REFRESH_MS);
  try {
    const { answer, page } = await fetchPage(old.dataset.refresh || location.href);
    const fresh = page.getElementById(id);
    if (answer.ok && fresh) {
      if (fresh.dataset.refresh === undefined) say(old.dataset.done || "");
      replace(old, fresh);
      return;
    }
    if (answer.status < 500) return say("This page no longer refreshes itself. Load it again.");
  } catch {
    // The server restarts, or the network is away: ask again, less often.
  }
  later(id, Math.min(wait * 2, SLOWEST_MS));
}

const waiting = new Map(); // one timer for each id, whoever asked for it

function later(id, wait) {
  clearTimeout(waiting.get(id));
  waiting.set(id, setTimeout(refresh, wait, id, wait));
}

// Forms that are sent without leaving the page: data-inplace names the element that changes

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-inplace]");
  if (!form || form.getAttribute("aria-busy") || event.defaultPrevented) return;
  event.preventDefault();
  form.setAttribute("aria-busy", "true");
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const { answer, page } = await fetchPage(form.getAttribute("action") || location.href, { method: "POST", body });
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url);
    const place = page.getElementById(form.dataset.inplace) ? form.dataset.inplace : "main";
    const element = replace(document.getElementById(place), page.getElementById(place));
    document.title = page.title;
    (element.querySelector("[data-focus]") ?? document.activeElement).focus();
    element.querySelector(".notice[role]")?.scrollIntoView({ block: "nearest" }); // what came of it
  } catch {
    form.removeAttribute("aria-busy");
    say("The server does not answer. Try again.");
  }
});

// Boxes to tick in a list, and one for all of them: data-tick-all names them

function countTicked(form) {
  const all = form.querySelector("[data-tick-all]");
  const boxes = [...form.querySelectorAll(`[name="${all.dataset.tickAll}"]`)];
  const ticked = boxes.filter((one) => one.checked).length;
  const box = all.querySelector("input");
  box.checked = ticked === boxes.length;
  box.indeterminate = ticked > 0 && !box.checked;
  form.querySelector("[data-ticked]").textContent = ticked ? `${ticked} selected` : "";
}

document.addEventListener("change", (event) => {
  const all = event.target.form?.querySelector("[data-tick-all]");
  if (!all) return;
  if (all.contains(event.target)) {
    for (const one of event.target.form.querySelectorAll(`[name="${all.dataset.tickAll}"]`)) one.checked = event.target.checked;
  }
  countTicked(event.target.form);
});

// Copying, and the key that leads to the search

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    say("Copied");
    button.classList.add("good");
  } catch {
    say("Selected: copy it with Control and C"); // no clipboard without HTTPS
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus();
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const search = document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu === except) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary").focus();
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

// Light or dark, where somebody wants another than the system's; kept in this browser

function readTheme() {
  try {
    return localStorage.getItem(THEME) || "";
  } catch {
    return ""; // storage is switched off
  }
}

function showTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-theme-switch]")) return;
  showTheme(event.target.value);
  try {
    localStorage.setItem(THEME, event.target.value);
  } catch {
    // It holds for this page alone.
  }
});

// What waits for the script, in the page or in a part that just came

function prepare(part) {
  const all = [part, ...part.querySelectorAll("[data-refresh], [data-copy], [data-tick-all]")];
  for (const element of all) {
    if (element.dataset?.refresh !== undefined) later(element.id, REFRESH_MS);
    if (element.dataset?.copy !== undefined) element.hidden = false;
    if (element.dataset?.tickAll !== undefined) {
      element.hidden = false;
      countTicked(element.closest("form"));
    }
  }
}

showTheme(readTheme());
const chooser = document.querySelector("[data-theme-switch]");
chooser.value = readTheme();
chooser.parentElement.hidden = false;
prepare(document.body);
document.querySelector("[data-focus]")?.focus();
