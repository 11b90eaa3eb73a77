// Wakes the components that are livelier with scripts: menu, error summary, buttons that ignore a double click.
import { initAll } from "./govuk-frontend.min.js";

initAll();
