import { formerNodes } from "../../../model/hosts/formerNodes";

const nodes = ["pve01", "pve02"].map((name, index) => ({
    name,
    domain: "example.test",
    address: `192.0.2.${11 + index}`,
    aliases: [`${name}-mgmt`],
}));
const found = (content: string, known: string[] = []) =>
    formerNodes(content, nodes, known).map(({ line, address, name }) => `${line} ${address} ${name}`);

test("a line like those of the nodes, whose node the stack has not, is named once", () => {
    const content =
        "127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01\n192.0.2.13 pve03.example.test PVE03 # gone\n";
    expect(found(content)).toEqual(["3 192.0.2.13 pve03"]);
    expect(found("192.0.2.11 pve01.example.test pve01 pve9\n2001:db8::13 pve03-mgmt\n")).toEqual([
        "1 192.0.2.11 pve9",
        "2 2001:db8::13 pve03-mgmt",
    ]);
});
test("lines of one's own, comments, the nodes' own names and declared ones are left alone", () => {
    expect(
        found(
            "192.0.2.60 nas.example.test nas nas2\n10.0.0.11 pve01-ring0\n192.0.2.14 pve-backup pve\n# 192.0.2.13 pve03\n127.0.1.1 pve03\n192.0.2.12 pve02.other.test pve02\n",
        ),
    ).toEqual([]);
    expect(found("192.0.2.13 pve03.example.test pve03\n", ["pve03.example.test"])).toEqual([]);
});
