/** /etc/network/interfaces: grammar, formatter and lints. */
export {
    formatInterfaces,
    renderInterfaces,
    type InterfacesConfig,
    type OptionValue,
    type StanzaConfig,
} from "./format";
export { lintInterfaces, lintInterfacesFragment } from "./lint";
export { interfacesOf, sourcedPatterns, type Interface } from "./network";
export { parseInterfaces, type InterfacesDocument } from "./parse";
