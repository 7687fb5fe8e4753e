import { mount } from "svelte";
import "./styles/base.css";
import App from "./App.svelte";
import { host } from "./host/host";

const target = document.getElementById("app");
if (target) {
  mount(App, { target, props: { host: host() } });
}
