// The join page without reloading: asks the server for the same page and takes over what changed.
// Without this file the links in the cards and the confirmation before paying do the same.
const form = document.querySelector("form[data-join]");

if (form) {
  for (const link of form.querySelectorAll(".card a")) link.removeAttribute("href");
  let asked = 0;
  let timer;

  const address = (typing) => {
    const data = new FormData(form);
    const chosen = new URLSearchParams();
    for (const name of ["interval", "currency", "cover_fees", "campaign", "article"]) {
      if (data.get(name)) chosen.set(name, data.get(name));
    }
    const amount = data.get("amount").trim() || data.get("preset");
    // An amount that was wiped out is no amount; one never chosen is what the page suggests.
    if (amount || typing) chosen.set("amount", amount ?? "");
    return `${form.action.split("?")[0]}?${chosen}`;
  };

  const renew = async (parts, typing = false) => {
    const mine = ++asked;
    const url = address(typing);
    const answer = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
    if (mine !== asked || !answer?.ok) return; // offline: the server asks again before paying
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of parts) {
      const now = document.getElementById(id);
      const then = page.getElementById(id);
      if (now && then) now.replaceWith(document.adoptNode(then));
    }
    for (const link of form.querySelectorAll(".card a")) link.removeAttribute("href");
    history.replaceState(null, "", url);
  };

  form.addEventListener("change", ({ target }) => {
    if (target.name === "interval" || target.name === "currency") {
      form.elements.amount.value = "";
      for (const preset of form.querySelectorAll("[name=preset]")) preset.checked = false;
      renew(["amounts", "cover", "charge"]);
    } else if (target.name === "preset") {
      form.elements.amount.value = "";
      renew(["cover", "charge"]);
    } else if (target.name === "cover_fees") {
      renew(["charge"]);
    }
  });

  form.addEventListener("input", ({ target }) => {
    if (target.name !== "amount") return;
    for (const preset of form.querySelectorAll("[name=preset]")) preset.checked = false;
    clearTimeout(timer);
    timer = setTimeout(() => renew(["cover", "charge"], true), 300);
  });
}
