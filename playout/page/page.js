"use strict";

// The page's only state: which channels there are, which one plays, and how far our clock is from the server's.
const state = { channels: [], current: null, skew: 0, hls: null };

const at = (id) => document.getElementById(id);
const now = () => Date.now() + state.skew;
const absolute = (path) => new URL(path, document.baseURI).href;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const span = (programme) => `${clock.format(new Date(programme.start))} – ${clock.format(new Date(programme.stop))}`;

const REFRESH = 5000;

function elapsed(programme) {
  const start = Date.parse(programme.start);
  const stop = Date.parse(programme.stop);
  return Math.min(100, Math.max(0, (100 * (now() - start)) / Math.max(1, stop - start)));
}

function stamp(id) {
  return at(id).content.firstElementChild.cloneNode(true);
}

function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function notice(words) {
  at("notice").hidden = !words;
  text(at("notice"), words || "");
}

// hls.js where Media Source Extensions exist; else the browser's own HLS (Safari on a phone).
function play(channel) {
  const video = at("video");
  const url = absolute(channel.playlist);
  if (state.hls) state.hls.destroy();
  state.hls = null;
  notice("");
  if (window.Hls && window.Hls.isSupported()) {
    state.hls = new window.Hls({ enableWorker: false, liveSyncDurationCount: 3 });
    state.hls.on(window.Hls.Events.ERROR, (_, error) => recover(channel, error));
    state.hls.loadSource(url);
    state.hls.attachMedia(video);
  } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = url;
  } else {
    notice("This browser has no HLS of its own, and hls.js was not built. Run “make up” with a network, or use the links below.");
    return;
  }
  video.play().catch(() => {}); // refused without a gesture: the controls are there
}

function recover(channel, error) {
  if (!error.fatal) return;
  if (error.type === window.Hls.ErrorTypes.MEDIA_ERROR) {
    state.hls.recoverMediaError();
    return;
  }
  notice(`${channel.name} does not answer (${error.details}). Trying again …`);
  setTimeout(() => {
    if (state.current === channel.id) play(channel);
  }, REFRESH);
}

function choose(channel) {
  if (state.current === channel.id) return;
  state.current = channel.id;
  history.replaceState(null, "", `#${encodeURIComponent(channel.id)}`);
  play(channel);
  draw();
}

function drawChannel(item, channel) {
  const part = (name) => item.querySelector(`.${name}`);
  text(part("number"), channel.number);
  text(part("name"), channel.name);
  text(part("now"), channel.now ? channel.now.title : "nothing is on");
  text(part("next"), channel.next ? `${clock.format(new Date(channel.next.start))}  ${channel.next.title}` : "");
  part("bar").firstElementChild.style.width = channel.now ? `${elapsed(channel.now)}%` : "0";
  item.firstElementChild.setAttribute("aria-current", String(channel.id === state.current));
}

function drawStage(channel) {
  const programme = channel.now;
  text(at("title"), programme ? programme.title : channel.name);
  text(at("description"), [`${channel.number} ${channel.name}`, channel.description].filter(Boolean).join(" — "));
  at("progress").hidden = !programme;
  if (!programme) return;
  at("progress").firstElementChild.style.width = `${elapsed(programme)}%`;
  const next = channel.next ? ` · next: ${channel.next.title}, ${clock.format(new Date(channel.next.start))}` : "";
  text(at("times"), `${span(programme)}${next}`);
}

function draw() {
  const list = at("channels");
  while (list.children.length > state.channels.length) list.lastElementChild.remove();
  state.channels.forEach((channel, place) => {
    if (!list.children[place]) {
      const item = stamp("channel");
      item.firstElementChild.addEventListener("click", () => choose(state.channels[place]));
      list.append(item);
    }
    drawChannel(list.children[place], channel);
  });
  at("empty").hidden = state.channels.length > 0;
  const current = state.channels.find((channel) => channel.id === state.current);
  if (current) drawStage(current);
}

function links() {
  return [
    ["All channels (M3U)", "iptv/channels.m3u"],
    ["Guide (XMLTV)", "iptv/xmltv.xml"],
    ...state.channels.map((channel) => [`${channel.number} ${channel.name}`, channel.playlist]),
  ];
}

function drawLinks() {
  const list = at("links");
  list.replaceChildren(
    ...links().map(([name, path]) => {
      const entry = stamp("link");
      const url = absolute(path);
      const link = entry.querySelector("a");
      const button = entry.querySelector("button");
      entry.querySelector("dt").textContent = name;
      link.href = url;
      link.textContent = url;
      button.setAttribute("aria-label", `Copy the link of ${name}`);
      button.addEventListener("click", () => copy(url, link, button));
      return entry;
    }),
  );
}

// The clipboard is for secure origins only; elsewhere the link is selected, ready for Ctrl-C.
async function copy(url, link, button) {
  try {
    await navigator.clipboard.writeText(url);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(link);
    button.textContent = "Ctrl-C";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

async function refresh() {
  try {
    const answer = await fetch("now.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const date = Date.parse(answer.headers.get("date") || "");
    if (date && Math.abs(date - Date.now()) > 2000) state.skew = date - Date.now();
    const before = state.channels.map((channel) => channel.id).join();
    state.channels = await answer.json();
    if (before !== state.channels.map((channel) => channel.id).join()) drawLinks();
    const count = state.channels.length;
    text(at("state"), count ? `${count} ${count === 1 ? "channel" : "channels"} on air` : "Preparing …");
  } catch {
    text(at("state"), "The server does not answer. Trying again …");
  }
  draw();
  if (!state.current && state.channels.length) {
    const wanted = decodeURIComponent(location.hash.slice(1));
    choose(state.channels.find((channel) => channel.id === wanted) || state.channels[0]);
  }
  setTimeout(refresh, REFRESH);
}

drawLinks();
refresh();
