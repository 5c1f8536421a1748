/** What is plugged into a virtual machine, from boot to boot, and at once where its controller allows that. */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { isThere } from "../../vm/isThere";
import { diskDevice, isHotpluggable, soundHardware, type DiskName, type Hardware } from "./hardware";
import { fileOf, type Places } from "./places";
import type { QemuProcess } from "./qemuProcess";

/** Milliseconds. The guest's kernel lets go of it, after a pause of 5 s of its own, and in emulation it may be busy. */
const LET_GO = 180_000;

export class DiskBays {
    constructor(
        private readonly places: Places,
        private readonly qemu: QemuProcess,
    ) {}

    async hardware(): Promise<Hardware> {
        const file = fileOf(this.places, "hardware.json");
        return (await isThere(file)) ? (JSON.parse(await readFile(file, "utf8")) as Hardware) : soundHardware;
    }

    async unplug(name: DiskName): Promise<void> {
        const { unplugged } = await this.hardware();
        await this.set({ unplugged: [...unplugged.filter((other) => other !== name), name] });
        if (!(await this.#changesAtOnce(name)) || !(await this.#hasDevice(name))) return;
        await this.qemu.ask("device_del", { id: name });
        const deadline = Date.now() + LET_GO;
        while (await this.#hasDevice(name)) {
            if (Date.now() > deadline) throw new Error(`${this.places.name} does not let go of its ${name} disk`);
            await delay(100);
        }
    }

    async plug(name: DiskName): Promise<void> {
        const { unplugged } = await this.hardware();
        await this.set({ unplugged: unplugged.filter((other) => other !== name) });
        if (!(await this.#changesAtOnce(name)) || (await this.#hasDevice(name))) return;
        await this.qemu.ask("device_add", diskDevice(name));
    }

    /** For the next boot. */
    async set(hardware: Hardware): Promise<void> {
        await writeFile(fileOf(this.places, "hardware.json"), JSON.stringify(hardware));
    }

    async #changesAtOnce(name: DiskName): Promise<boolean> {
        return isHotpluggable(name) && (await this.qemu.pid()) !== undefined;
    }

    async #hasDevice(id: string): Promise<boolean> {
        const devices = (await this.qemu.ask("qom-list", { path: "/machine/peripheral" })) as { name: string }[];
        return devices.some(({ name }) => name === id);
    }
}
