import { Trouble } from "./api.js";
import { el } from "./dom.js";
import { TEXTS, t } from "./texts.js";

// troubleText says what went wrong: in the server's own words where it has any, which know more than its status does.
export function troubleText(trouble) {
  if (!(trouble instanceof Trouble)) return t("troubleOther");
  switch (trouble.kind) {
    case "network": return t("troubleNetwork");
    case "cut": return t("troubleCut");
    case "stopped": return t("stopped");
  }
  if (trouble.status === 401) return t("trouble401"); // the server tells programs how to send a key
  const name = `trouble${trouble.status}`;
  return trouble.detail || t(name in TEXTS ? name : "troubleOther");
}

// troubleBox shows what went wrong, with a button that tries again: after as many seconds as the server asks for.
export function troubleBox(trouble, again) {
  const retry = el("button", { type: "button", class: "retry", onclick: again }, t("retry"));
  const box = el("div", { class: "trouble" }, el("p", {}, troubleText(trouble)), retry);
  let left = Math.min(Math.ceil(trouble.wait ?? 0), 3600);
  if (left <= 0) return box;
  retry.disabled = true;
  const tick = () => {
    retry.disabled = left > 0;
    retry.textContent = left > 0 ? t("retryIn", left) : t("retry");
    if (left-- > 0 && (box.isConnected || first)) setTimeout(tick, 1000);
    first = false;
  };
  let first = true;
  tick();
  return box;
}
