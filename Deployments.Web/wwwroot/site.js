// What pages can do beyond links and forms. Everything works without it.
"use strict";

(() => {
  const page = document.documentElement;
  page.classList.add("js");

  // Times come in UTC; readers see their own zone, with UTC as the tooltip the server wrote.
  const language = "en-GB";
  const forms = {
    time: { hour: "2-digit", minute: "2-digit" },
    date: { day: "numeric", month: "short", year: "numeric" },
    moment: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
    day: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  };
  const format = Object.fromEntries(
    Object.entries(forms).map(([name, form]) => {
      const formatter = new Intl.DateTimeFormat(language, form);
      // Browsers disagree about the comma after a weekday.
      return [name, time => name === "day" ? formatter.format(time).replace(",", "") : formatter.format(time)];
    }));

  // The largest unit that fits: "3 hours ago". Older than a month, a date says more.
  const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  function relative(time) {
    const seconds = Math.round((time.getTime() - Date.now()) / 1000);
    if (Math.abs(seconds) > 30 * 86400)
      return format.date(time);
    const unit = units.find(([, length]) => Math.abs(seconds) >= length);
    return unit ? ago.format(Math.round(seconds / unit[1]), unit[0]) : "just now";
  }
  format.ago = relative;

  function localTimes() {
    for (const time of document.querySelectorAll("time[data-show]")) {
      const value = new Date(time.dateTime);
      if (!Number.isNaN(value.getTime()))
        time.textContent = format[time.dataset.show](value);
    }
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const name of document.querySelectorAll("[data-zone]"))
      name.textContent = zone;
  }

  // The server groups by UTC day; in another zone the day may end elsewhere.
  function localDays() {
    for (const table of document.querySelectorAll("table[data-days]")) {
      const rows = [...table.querySelectorAll("tr[data-at]")];
      const template = table.querySelector("tbody");
      if (!template)
        continue;
      const bodies = [];
      let current = "";
      for (const row of rows) {
        const day = format.day(new Date(row.dataset.at));
        if (day !== current) {
          const body = template.cloneNode(false);
          const head = template.querySelector("tr.day").cloneNode(true);
          head.querySelector("th").textContent = day;
          body.append(head);
          bodies.push(body);
          current = day;
        }
        bodies.at(-1).append(row);
      }
      for (const body of [...table.tBodies])
        body.remove();
      table.append(...bodies);
    }
  }

  async function copy(button) {
    const text = button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Over plain http on another host there is no clipboard interface.
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "visually-hidden";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const label = button.querySelector("[data-label]");
    const before = label.textContent;
    button.dataset.done = "";
    label.textContent = "Copied";
    setTimeout(() => {
      delete button.dataset.done;
      label.textContent = before;
    }, 1500);
    button.focus();
  }

  document.addEventListener("click", event => {
    const button = event.target.closest("button.copy");
    if (button && button.dataset.done === undefined)
      copy(button);
    for (const menu of document.querySelectorAll(".site-nav details[open]"))
      if (!menu.contains(event.target))
        menu.open = false;
  });

  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("search")?.focus();
    } else if (event.key === "Escape") {
      for (const menu of document.querySelectorAll(".site-nav details[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
  });

  // One box in a table's head chooses all of the table.
  document.addEventListener("change", event => {
    const name = event.target.dataset.select;
    if (name)
      for (const box of event.target.closest("table").querySelectorAll(`input[name="${name}"]`))
        box.checked = event.target.checked;
  });

  // Empty fields of a filter would only make its address longer.
  document.addEventListener("formdata", event => {
    if (event.target.method !== "get")
      return;
    for (const [name, value] of [...event.formData])
      if (value === "")
        event.formData.delete(name);
  });

  // Paper says when it was printed, not when the page was made.
  addEventListener("beforeprint", () => {
    for (const time of document.querySelectorAll("[data-printed]"))
      time.textContent = `${format.moment(new Date())}, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  });

  localTimes();
  localDays();
})();
