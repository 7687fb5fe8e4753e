import { mount } from "svelte";
import "@fontsource-variable/inter/wght.css";
import "./styles/base.css";
import App from "./App.svelte";
import { start } from "./data/call";
import { findHost } from "./host/host";

const target = document.getElementById("app");
if (target) {
  start(await findHost());
  target.replaceChildren();
  mount(App, { target });
}
