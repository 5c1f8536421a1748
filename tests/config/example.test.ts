import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { planFstab } from "../../components/fstab";
import { planHostsFile } from "../../components/hostsFile";
import { planNetworkInterfaces } from "../../components/networkInterfaces";
import { planNodeExporter } from "../../components/nodeExporter";
import { planSmartd } from "../../components/smartd";
import { planTemperatureWatchdog } from "../../components/temperatureWatchdog";
import { formatFault, parseFleet } from "../../model/fleet";
import { fleetJsonSchema } from "../../model/fleet/jsonSchema";
import { formatOfPath, lintContent } from "../../model/formats";

const root = path.join(__dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const { fleet, faults } = parseFleet(parse(read("Pulumi.prod.yaml")).config["holdfast:fleet"], read);

test("the example stack has no fault", () => {
    expect(faults.map(formatFault)).toEqual([]);
});
test("the lints find no error and no warning in what the example stack makes", () => {
    const identities = fleet!.nodes.map(({ identity }) => identity);
    const findings = fleet!.nodes.flatMap(({ identity, host, hostsFile, fstab, interfaces, smartd, temperature, nodeExporter }) => {
        const shared = { host, node: identity };
        const peers = identities.filter((peer) => peer !== identity);
        const plans = [
            planHostsFile({ ...shared, peers, settings: hostsFile }),
            ...(fstab ? [planFstab({ ...shared, settings: fstab })] : []),
            ...(interfaces ? [planNetworkInterfaces({ ...shared, settings: interfaces })] : []),
            ...(smartd ? [planSmartd({ ...shared, settings: smartd })] : []),
            ...(temperature ? [planTemperatureWatchdog({ ...shared, settings: temperature })] : []),
            ...(nodeExporter ? [planNodeExporter({ ...shared, settings: nodeExporter })] : []),
        ];
        return plans.flatMap(({ files }) => Object.entries(files).flatMap(([file, { content = "" }]) => lintContent(formatOfPath(file), content, { node: identity, peers }).map((finding) => ({ file, ...finding }))));
    });
    expect(findings.filter(({ severity }) => severity !== "not checked")).toEqual([]);
});
test("the JSON Schema in the repository is current (npm run schema)", () => {
    expect(read("schema/holdfast-fleet.schema.json")).toBe(fleetJsonSchema());
});
test("the stack file names a schema that exists", () => {
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(read("Pulumi.prod.yaml")) ?? [];
    expect(JSON.parse(read(schema!)).properties.config.properties["holdfast:fleet"]).toEqual({ $ref: "holdfast-fleet.schema.json" });
});
