import { importedArgs } from "../../provider/apiObject/imported";

const proxmox = { endpoint: "https://192.0.2.11:8006", fingerprint: Array(32).fill("AA").join(":"), storages: {} };
const fleet = { nodes: { pve01: { address: "192.0.2.11" } }, proxmox };

test.each<[string, unknown, RegExp]>([
    [
        "a stack with faults",
        { ...fleet, nodes: { pve01: { address: "x" } } },
        /^holdfast:fleet of this stack has faults: .*pve01\.address/,
    ],
    ["an object that the stack lacks", fleet, /^cannot import storage\/tapes: .* declares no such object/],
    ["no stack config at all", undefined, /^cannot import storage\/tapes: .* declares no such object/],
])("%s is told as what it is", (_, given, message) => {
    expect(() => importedArgs(given, "storage/tapes")).toThrow(message);
});
