import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { hardenFleet } from "../../components/hardenedFleet";
import { FILE_SET_TYPE, type FileSetArgs } from "../../model/contract/fileSet";
import { formatFault, parseFleet } from "../../components/fleet";
import { fleetJsonSchema } from "../../components/fleet/jsonSchema";
import { formatOfPath, lintContent } from "../../model/lint/formats";
import { recordRegistrations, valueOf } from "../helpers/registrations";

const root = path.join(__dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const { fleet, faults } = parseFleet(parse(read("Pulumi.prod.yaml")).config["holdfast:fleet"], read);

test("the example stack has no fault", () => {
    expect(faults.map(formatFault)).toEqual([]);
});
test("the lints find no error and no warning in what the example stack makes", async () => {
    const recorder = recordRegistrations();
    const nodes = hardenFleet(fleet!);
    await Promise.all(
        Object.values(nodes).flatMap(({ fileSets }) =>
            Object.values(fileSets).map(({ observed }) => valueOf(observed)),
        ),
    );
    const identities = fleet!.nodes.map(({ identity }) => identity);
    const findings = recorder.registered
        .filter(({ type }) => type === FILE_SET_TYPE)
        .flatMap(({ name, inputs }) => {
            const { node, files } = inputs as unknown as FileSetArgs;
            const peers = identities.filter((peer) => peer.name !== node?.name);
            return Object.entries(files).flatMap(([file, { content = "" }]) =>
                lintContent(formatOfPath(file), content, { node, peers }).map((finding) => ({
                    name,
                    file,
                    ...finding,
                })),
            );
        });
    expect(findings.filter(({ severity }) => severity !== "not checked")).toEqual([]);
});
test("the JSON Schema in the repository is current (npm run schema)", () => {
    expect(read("schema/holdfast-fleet.schema.json")).toBe(fleetJsonSchema());
});
test("the stack file names a schema that exists", () => {
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(read("Pulumi.prod.yaml")) ?? [];
    expect(JSON.parse(read(schema!)).properties.config.properties["holdfast:fleet"]).toEqual({
        $ref: "holdfast-fleet.schema.json",
    });
});
