// Runs in the page. Everything that it shows comes from the JSON beside it; it fetches nothing.
const data = JSON.parse(document.getElementById("proof-data").textContent);
const buttons = [...document.querySelectorAll(".failures button")];
const parts = [...document.querySelectorAll(".picture .part")];
const panel = document.getElementById("left");
const signs = { proven: "✔", refuted: "✘", unknown: "?" };

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function explain(outcome) {
  if (outcome.verdict === "refuted") {
    const takes = outcome.takes.length > 0 ? `${outcome.takes.join(", ")} lost, ` : "";
    return `${takes}${outcome.left}`;
  }
  if (outcome.verdict === "unknown") return outcome.why;
  return outcome.note ?? "holds";
}

function claimLine(claim, outcome) {
  const line = element("li", outcome.verdict, `${signs[outcome.verdict]} ${data.titles[claim]}: `);
  line.append(element("span", "", explain(outcome)));
  if (outcome.fix) line.append(element("div", "fix", `Fix: ${outcome.fix}`));
  return line;
}

function show(index) {
  const failure = data.failures[index];
  const lost = new Set(failure.takes);
  for (const part of parts) {
    const standsIn = part.dataset.in.split(" ").filter(Boolean).map(Number);
    part.classList.toggle(
      "lost",
      standsIn.some((id) => lost.has(id)),
    );
  }
  buttons.forEach((button, position) => {
    button.setAttribute("aria-pressed", String(position === index));
    button.tabIndex = position === index ? 0 : -1;
  });
  const list = document.createElement("ul");
  for (const [claim, outcome] of Object.entries(failure.outcomes)) {
    list.append(claimLine(claim, outcome));
  }
  const title = element("h2", "", `Lost: ${failure.label}`);
  const left = parts.filter((part) => part.dataset.domain !== "-1");
  const gone = left.filter((part) => part.classList.contains("lost")).length;
  const count = element(
    "p",
    "",
    `${left.length - gone} of ${left.length} parts in the picture are left.`,
  );
  panel.replaceChildren(title, count, list);
  if (location.hash !== `#failure-${index}`) history.replaceState(null, "", `#failure-${index}`);
}

function move(from, step) {
  const next = Math.min(buttons.length - 1, Math.max(0, from + step));
  show(next);
  buttons[next].focus();
}

buttons.forEach((button, index) => {
  button.addEventListener("click", () => show(index));
  button.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e6, End: 1e6 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(index, step);
  });
});

// A part of the picture stands for the failure that takes it and least else.
for (const part of parts) {
  const domain = Number(part.dataset.domain);
  const index = data.failures.findIndex((failure) => failure.domains.includes(domain));
  if (index >= 0) part.addEventListener("click", () => show(index));
}

const fromHash = /^#failure-(\d+)$/.exec(location.hash);
const start = fromHash ? Number(fromHash[1]) : data.first;
if (data.failures[start]) show(start);
document.documentElement.dataset.ready = "true";
