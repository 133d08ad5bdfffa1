// What the design promises, measured on a page as it stands: contrast, type size, targets, nothing cut off or hanging out.
// (place: "phone" | "office") => list of faults, each a line; empty when the page is as it should be.
(place) => {
  const office = place === "office";
  const faults = new Set();
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = (text) => {
    const numbers = (text.match(/[\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
    return numbers.length < 4 ? [...numbers, 1] : numbers;
  };
  const over = (top, below) => top.slice(0, 3).map((value, i) => value * top[3] + below[i] * (1 - top[3]));
  const ground = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const ratio = (one, other) => {
    const [a, b] = [luminance(one), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const scrim = document.querySelector(".scrim:not([hidden])");
  const clipped = (node) => node && (getComputedStyle(node).clipPath === "inset(50%)" || clipped(node.parentElement));
  const hidden = (element) => clipped(element) || (scrim && !element.closest(".sheet"));
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true });
  };
  const short = (text) => text.trim().slice(0, 20);

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const element = text.parentElement;
    if (!text.data.trim() || element.matches("script,style,template,option") || !visible(element) || hidden(element)) continue;
    const svg = element.closest("svg");
    const style = getComputedStyle(element);
    const size = Number.parseFloat(style.fontSize) * (svg ? element.getScreenCTM().a : 1);
    if (size < (office ? 14 : 16) - 0.1) faults.add(`small type ${size} ${short(text.data)}`);
    if (svg && element.classList.contains("inv")) continue;
    const below = ground(element);
    const found = ratio(over(parse(svg ? style.fill : style.color), below), below);
    if (found < 7) faults.add(`contrast ${found.toFixed(2)} ${short(text.data)} .${element.className}`);
  }
  for (const element of document.querySelectorAll("a,button,select,.input,.step .val")) {
    if (!visible(element) || hidden(element)) continue;
    const box = element.getBoundingClientRect();
    const least = office ? 22 : element.closest(".input") && !element.matches(".input") ? 50 : 55.5;
    if (box.height < least || box.width < least) {
      const name = short(element.textContent) || element.getAttribute("aria-label");
      faults.add(`target ${Math.round(box.width)}x${Math.round(box.height)} ${name}`);
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.add(`page wider ${document.documentElement.scrollWidth}`);
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg,template") || hidden(element) || !visible(element)) continue;
    const style = getComputedStyle(element);
    const scrolls = ["auto", "scroll"].includes(style.overflowX) || element.matches("input,textarea,select");
    if (!scrolls && element.clientWidth > 0 && style.display !== "inline" && element.scrollWidth > element.clientWidth + 1) {
      faults.add(`overflow ${element.tagName}.${element.className} ${element.scrollWidth}>${element.clientWidth}`);
    }
    const box = element.getBoundingClientRect();
    const inScroller = office && element.closest("[data-scroll],.scroll,table");
    if (!inScroller && (box.right > innerWidth + 1 || box.left < -1)) faults.add(`off the page ${element.tagName}.${element.className}`);
  }
  const styled = document.querySelectorAll("[style]").length;
  if (styled) faults.add(`style attributes ${styled}`);
  return [...faults];
};
