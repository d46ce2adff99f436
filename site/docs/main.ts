import "../sandbox/demo.css";
import "./docs.css";
