/** Which facts are told where only exceptions are. */
import { factText, isExceptionalFact } from "../../model/contract/verdict";

test.each([
    ["as declared", "mounted", "mounted", false],
    ["not as declared", "not mounted", "mounted", true],
    ["declared, and could not be told", "unknown: PermissionError: /run", "on time", true],
    [
        "declared, and nothing to tell on this node",
        factText({ state: "skipped", code: "no-bmc", text: "no BMC" }),
        "in syslog",
        false,
    ],
    ["only reported", "down", undefined, false],
    ["only reported, and could not be told", "unknown", undefined, true],
    ["only reported, by a probe that broke down", "unknown: OSError: …", undefined, true],
    ["a mail that got nowhere", "undeliverable: Connection refused", undefined, true],
    ["a word that merely begins like it", "unknowns: 0", undefined, false],
])("%s", (_, value, declared, exceptional) => {
    expect(isExceptionalFact(value, declared)).toBe(exceptional);
});
