import { renderFile } from "../../render/render";

const sound = { own: [{ address: "192.0.2.11", names: ["pve01"] }], peers: [], extra: [] };

test("a missing field is an error", () => {
    expect(() => renderFile("/etc/hosts", { peers: [], extra: [] })).toThrow(
        "#each of a field that is missing (line 8)",
    );
    expect(() => renderFile("/etc/hosts", { ...sound, extra: [{ names: ["nas"] }] })).toThrow('"address" not defined');
});
test.each([
    ["undefined", undefined, "/etc/hosts extra: cannot be rendered: it is undefined"],
    ["null", null, "/etc/hosts extra: cannot be rendered: it is no plain value"],
    ["a class instance, such as an Output", new Date(0), "/etc/hosts extra: cannot be rendered: it is no plain value"],
    ["NaN", Number.NaN, "/etc/hosts extra: cannot be rendered: it is no finite number"],
    [
        "undefined deep inside",
        [{ address: "192.0.2.1", names: [undefined] }],
        "/etc/hosts extra 0 names 0: cannot be rendered: it is undefined",
    ],
])("%s is an error", (_title, extra, message) => {
    expect(() => renderFile("/etc/hosts", { ...sound, extra })).toThrow(message);
});
test("nothing is escaped as HTML", () => {
    expect(renderFile("/etc/hosts", { ...sound, own: [{ address: "192.0.2.11", names: ["a&b<c>'\""] }] })).toContain(
        "192.0.2.11 a&b<c>'\"\n",
    );
});
test("a template's syntax in a value stays a value", () => {
    expect(renderFile("/etc/hosts", { ...sound, own: [{ address: "192.0.2.11", names: ["{{peers}}"] }] })).toContain(
        "192.0.2.11 {{peers}}\n",
    );
});
test("an unknown target has no template", () => {
    expect(() => renderFile("/etc/shadow", {})).toThrow("shadow.hbs");
});
