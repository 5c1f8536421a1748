import { hardenStack } from "holdfast";

export const { nodes, hosts, holdfast } = hardenStack();
