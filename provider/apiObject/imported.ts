/** What an import is about, which starts from nothing but an id: as the stack declares it. */
import { soundFleet } from "../../components/fleet";
import { planObjects } from "../../components/proxmox/plan";
import { apiObjectId, type ApiObjectArgs } from "../../model/contract/apiObject";
import { readProjectFile } from "../../projectFile";

/** @param fleet `holdfast:fleet` as configured @throws Error where it has faults, or declares no such object */
export function importedArgs(fleet: unknown, id: string, root = process.cwd()): ApiObjectArgs {
    const given: unknown = typeof fleet === "string" ? JSON.parse(fleet) : fleet;
    const { proxmox } = given === undefined ? {} : soundFleet(given, (file) => readProjectFile(root, file));
    const planned = proxmox && Object.values(planObjects(proxmox)).find((args) => apiObjectId(args) === id);
    if (!planned)
        throw new Error(
            `cannot import ${id}: holdfast:fleet.proxmox of this stack declares no such object (\`npx holdfast adopt --api\` writes it)`,
        );
    return planned;
}
