import type { NodeClient } from "../../host/nodeClient";
import { OtherNameError, UnreachableError } from "../../host/errors";
import type { Declared } from "../../provider/declared";
import { newNames, PeerNames, renameInWords } from "../../provider/peerNames";

const declared = (name: string, address: string, given: Partial<Declared> = {}): Declared => ({
    identity: { name, domain: "example.test", address },
    isNode: true,
    host: { name, address },
    maintenance: false,
    ...given,
});
const own = declared("pve01", "192.0.2.11");
const other = declared("pve02", "192.0.2.12");

const fileSet = (content: string) => ({ host: own.host, files: { "/etc/hosts": { content } } });
const stateOf = (content: string) => ({
    files: { "/etc/hosts": { content, mode: "0644", owner: "root", group: "root" } },
});
const line = (name: string, address = "192.0.2.12") => `${address} ${name}.example.test ${name}\n`;
const found = (before: string | undefined, after: string, nodes = [own, other]) =>
    newNames(before === undefined ? undefined : stateOf(before), fileSet(after), nodes).map(
        ({ node, address, instead }) => [node.identity.name, address, ...instead],
    );

test("a name that the file has already, or that is its node's own, is not new", () => {
    expect(found(line("pve02"), line("pve02"))).toEqual([]);
    expect(found("192.0.2.12\tPVE02 # by hand\n", line("pve02"))).toEqual([]);
    expect(found("", line("pve01", "192.0.2.11"))).toEqual([]);
});
test("a new node's is, and all are at a first push", () => {
    expect(found("", line("pve02"))).toEqual([["pve02", "192.0.2.12"]]);
    expect(found(undefined, line("pve02"))).toEqual([["pve02", "192.0.2.12"]]);
});
test("so is a name at another address, in either family and spelling", () => {
    expect(found(line("pve02", "192.0.2.22"), line("pve02"))).toEqual([["pve02", "192.0.2.12"]]);
    const six = declared("pve02", "2001:db8::12");
    expect(found(line("pve02", "2001:DB8:0::12"), line("pve02", "2001:db8::12"), [six])).toEqual([]);
    expect(found("", line("pve02", "2001:db8::12"), [six])).toEqual([["pve02", "2001:db8::12"]]);
});
test("a node at an address that was another's is told apart from one that only gets its short name", () => {
    expect(found(line("pve09"), line("pve02"))).toEqual([["pve02", "192.0.2.12", "pve09.example.test", "pve09"]]);
    expect(found("192.0.2.12 pve02.example.test box\n", line("pve02"))).toEqual([["pve02", "192.0.2.12"]]);
    const [renamed] = newNames(stateOf(line("pve09")), fileSet(line("pve02")), [other]);
    expect(renameInWords(renamed!)).toMatch(/^pve02 stands at 192\.0\.2\.12, which was pve09\.example\.test pve09: /);
});
test("lines of one's own and hosts that are no nodes are nobody's to prove", () => {
    expect(found(line("nas"), line("scanner"))).toEqual([]);
    expect(found("", line("mon1"), [declared("mon1", "192.0.2.12", { isNode: false })])).toEqual([]);
});

describe("a new name is written", () => {
    const refused = new OtherNameError("pve02", "the host at 192.0.2.12 calls itself pve09. Correct it");
    const silent = new UnreachableError("pve02", "no answer");
    let asked: number;
    const prove = (answer: Error | undefined, names: ReturnType<typeof newNames>, given = 1) => {
        asked = 0;
        const client = {
            meet: () => {
                asked++;
                return answer ? Promise.reject(answer) : Promise.resolve();
            },
        } as unknown as NodeClient;
        const peers = new PeerNames(() => client);
        return Promise.all(Array.from({ length: given }, () => peers.prove("pve01", names)));
    };
    const added = newNames(stateOf(""), fileSet(line("pve02")), [other]);
    const renamed = newNames(stateOf(line("pve09")), fileSet(line("pve02")), [other]);

    test("where the node calls itself so; it is asked once for all", async () => {
        await prove(undefined, renamed, 3);
        expect(asked).toBe(1);
    });
    test("never where it calls itself otherwise, new or known", async () => {
        for (const names of [added, renamed])
            await expect(prove(refused, names)).rejects.toThrow(
                "pve01: /etc/hosts was left as it is: it would call 192.0.2.12 pve02, but pve02: the host at 192.0.2.12 calls itself pve09. Correct it",
            );
    });
    test("where a new node cannot be asked, but not over another name", async () => {
        await prove(silent, added);
        await expect(prove(silent, renamed)).rejects.toThrow(
            /it calls 192\.0\.2\.12 pve09\.example\.test pve09, the stack calls it pve02, .*pve02: no answer.*give it its name back/,
        );
    });
    test("likewise of a node under maintenance, which nobody contacts", async () => {
        const resting = { ...other, maintenance: true };
        await prove(undefined, newNames(stateOf(""), fileSet(line("pve02")), [resting]));
        await expect(
            prove(undefined, newNames(stateOf(line("pve09")), fileSet(line("pve02")), [resting])),
        ).rejects.toThrow("pve02: it is under maintenance");
        expect(asked).toBe(0);
    });
});
