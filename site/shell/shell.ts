import "./tokens.css";
import "./style.css";
import { startTheme } from "./theme.js";

const button = document.getElementById("theme");
if (button) startTheme(button);
