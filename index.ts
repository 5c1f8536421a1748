/** Composition root of the clone. A project of one's own has the same, from the package: `holdfast init` writes it. */
import { hardenStack } from "./stack";

export const { nodes, hosts, holdfast } = hardenStack();
