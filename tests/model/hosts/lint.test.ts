import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hasErrors } from "../../../model/lint/finding";
import { lintHosts } from "../../../model/hosts";
import type { LintContext } from "../../../model/lint/lintContext";

const fixtures = join(__dirname, "../../fixtures/hosts");
const read = (name: string) => readFileSync(join(fixtures, name), "utf8");
const node = { name: "pve01", domain: "example.test", address: "192.0.2.11" };
const peers = [{ name: "pve02", domain: "example.test", address: "192.0.2.12" }];
const found = (content: string, context: LintContext = { node }, severity = "error") =>
    lintHosts(content, context)
        .filter((finding) => finding.severity === severity)
        .map(({ rule, line }) => `${line} ${rule}`);

describe("a hosts file that works", () => {
    test.each(readdirSync(join(fixtures, "valid")))("%s has no error, with the node's identity or without", (name) => {
        const content = read(`valid/${name}`);
        expect(lintHosts(content, { node, peers }).filter(({ severity }) => severity === "error")).toEqual([]);
        expect(hasErrors(lintHosts(content, {}))).toBe(false);
    });
});

describe("a hosts file that does not work", () => {
    const broken: Record<string, string> = {
        "bad-address": "2 invalid-address",
        "byte-order-mark": "1 byte-order-mark",
        "comma-between-names": "2 invalid-name",
        "comments-only": "1 empty-file",
        "double-dot": "2 invalid-name",
        empty: "1 empty-file",
        "incident-a": "2 own-name-on-loopback",
        "ip-route": "3 stray-line",
        "journal-line": "2 stray-line",
        "name-first": "2 invalid-address",
        "no-localhost": "1 missing-localhost",
        "no-name": "2 missing-name",
        "no-own-name": "1 missing-own-name",
        object: "2 object-object",
        "other-address": "2 own-name-elsewhere",
        "own-name-on-127.0.0.1": "1 own-name-on-loopback",
        "own-name-on-v6-loopback": "3 own-name-on-loopback",
        "prefix-length": "2 invalid-address",
        "stray-ip-addr": "3 stray-line",
        "stray-ip-link": "3 stray-line",
        template: "2 unrendered-template",
        "undefined-address": "2 undefined-value",
        "undefined-domain": "2 undefined-value",
    };

    it("has an expectation for every fixture", () => {
        expect(Object.keys(broken).sort()).toEqual(readdirSync(join(fixtures, "broken")).sort());
    });

    test.each(Object.entries(broken))("%s: error on line %s", (name, expected) => {
        expect(found(read(`broken/${name}`))).toContain(expected);
    });
});

describe("the node's own name", () => {
    it("is not checked without the node's identity, and says so once", () => {
        expect(found("127.0.0.1 localhost\n", {}, "not checked")).toEqual(["1 own-name"]);
    });

    it("on 127.0.1.1 alone is an error even without the identity: Debian puts nothing else there", () => {
        expect(found("127.0.0.1 localhost\n127.0.1.1 pve01.example.test pve01\n", {})).toEqual([
            "2 own-name-on-loopback",
        ]);
        expect(found("127.0.0.1 localhost\n127.0.1.1 pve01\n192.0.2.11 pve01\n", {})).toEqual([]);
    });

    it("on a loopback address beside the right one is an error: readers other than pmxcfs take the first", () => {
        expect(found("127.0.0.1 localhost\n127.0.1.1 pve01\n192.0.2.11 pve01\n")).toEqual(["2 own-name-on-loopback"]);
    });

    test.each(["pve01", "PVE01", "pve01.example.test", "pve01-mgmt"])("counts as %s too", (name) => {
        expect(
            found(`127.0.0.1 localhost ${name}\n192.0.2.11 pve01\n`, { node: { ...node, aliases: ["pve01-mgmt"] } }),
        ).toEqual(["1 own-name-on-loopback"]);
    });

    it("on 127.0.0.1 in IPv6's clothes is on a loopback address too", () => {
        expect(found("127.0.0.1 localhost\n192.0.2.11 pve01\n::ffff:127.0.0.1 pve01\n")).toEqual([
            "3 own-name-on-loopback",
        ]);
    });

    it("may stand on two lines of its address", () => {
        expect(lintHosts("127.0.0.1 localhost\n192.0.2.11 pve01\n192.0.2.11 pve01 other\n", { node })).toEqual([]);
    });

    it("on a second address only warns, since it may be another ring", () => {
        const content = "127.0.0.1 localhost\n192.0.2.11 pve01\n198.51.100.11 pve01\n";
        expect(found(content)).toEqual([]);
        expect(found(content, { node }, "warning")).toEqual(["3 duplicate-name", "3 own-name-elsewhere"]);
    });

    test.each(["0.0.0.0", "::", "0:0::0"])(
        "on %s beside the right address is an error: pmxcfs passes over loopback addresses only",
        (address) => {
            expect(found(`127.0.0.1 localhost\n192.0.2.11 pve01\n${address} pve01\n`)).toEqual([
                "3 own-name-elsewhere",
            ]);
            expect(found(`127.0.0.1 localhost\n192.0.2.11 pve01\n${address} ads.example.test\n`)).toEqual([]);
        },
    );

    it("may be declared with an address of the second family", () => {
        const context = { node: { ...node, address6: "2001:db8::11" } };
        expect(lintHosts("127.0.0.1 localhost\n192.0.2.11 pve01\n2001:DB8:0::11 pve01\n", context)).toEqual([]);
        expect(found("127.0.0.1 localhost\n192.0.2.11 pve01\n", context, "warning")).toEqual(["1 missing-own-name"]);
    });
});

describe("an address where a name belongs", () => {
    test.each([
        "192.0.2.11 192.0.2.12 pve01",
        "192.0.2.60 nas 192.0.2.61",
        "192.0.2.60 2001:db8::60",
        "10.0.0.7 via 192.0.2.1",
    ])("%s", (line) => {
        expect(found(`127.0.0.1 localhost\n192.0.2.11 pve01\n${line}\n`)).toEqual(["3 address-as-name"]);
    });

    test.each(["0.0.0.0 0.0.0.0", "192.0.2.60 1.2.3", "192.0.2.60 dead.beef", "192.0.2.60 192.0.2.60.example.test"])(
        "is not in %s",
        (line) => {
            expect(lintHosts(`127.0.0.1 localhost\n192.0.2.11 pve01\n${line}\n`, { node })).toEqual([]);
        },
    );

    it("stands in the routes that a slip of redirection brings", () => {
        const routes =
            "10.0.0.7 via 192.0.2.1 dev vmbr0\n192.0.2.1 dev vmbr0 src 192.0.2.11 uid 0\n0.0.0.0 192.0.2.1 0.0.0.0 UG 0 0 0 vmbr0\n";
        expect(found(`127.0.0.1 localhost\n192.0.2.11 pve01\n${routes}`)).toEqual([
            "3 stray-line",
            "4 stray-line",
            "5 stray-line",
        ]);
    });
});

describe("an invisible blank", () => {
    test.each([
        ["\u00a0", "U+00A0"],
        ["\u200b", "U+200B"],
        ["\u3000", "U+3000"],
    ])("%j is named, in a name or behind the address", (blank, name) => {
        for (const line of [`192.0.2.60 nas.example.test${blank}nas`, `192.0.2.60${blank}nas`]) {
            const [finding] = lintHosts(`127.0.0.1 localhost\n192.0.2.11 pve01\n${line}\n`, { node });
            expect(finding).toMatchObject({
                severity: "error",
                line: 3,
                message: expect.stringContaining(`the invisible blank ${name}`),
            });
            expect(finding!.message).toMatch(/Write an ordinary blank/);
        }
    });
});

describe("warnings", () => {
    test.each([
        ["a pattern", "192.0.2.60 *.example.test\n", "3 invalid-name"],
        ["a name with a port", "192.0.2.60 nas:8080\n", "3 invalid-name"],
        ["a name in brackets", "192.0.2.60 nas (old)\n", "3 invalid-name"],
        ["one name on two addresses of a family", "192.0.2.60 nas\n192.0.2.61 nas\n", "4 duplicate-name"],
        ["a peer on another address", "198.51.100.12 pve02\n", "3 peer-elsewhere"],
        ["a peer that is missing", "", "1 missing-peer"],
        ["an address with a zone", "fe80::1%lo0 link-local\n", "3 invalid-address"],
        ["a name that is not ASCII", "192.0.2.60 größe\n", "3 invalid-name"],
        ["a name with a final dot", "192.0.2.60 nas.example.test.\n", "3 invalid-name"],
    ])("%s", (_title, extra, expected) => {
        const content = `127.0.0.1 localhost\n192.0.2.11 pve01\n${extra}`;
        expect(found(content, { node, peers }, "warning")).toContain(expected);
        expect(found(content, { node, peers })).toEqual([]);
    });
});

it("says in every message what to do", () => {
    const messages = readdirSync(join(fixtures, "broken"))
        .flatMap((name) => lintHosts(read(`broken/${name}`), { node, peers }))
        .map(({ message }) => message);
    for (const message of messages)
        expect(message).toMatch(
            /[.:] (?:Add|Compare|Convert|Correct|Delete|Keep|A |An |Put|Remove|Render|Restore|Save|Use|Write)[^\n]*\.$|: [^\n]+\.$|'$/,
        );
});
