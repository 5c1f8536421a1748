import { labDown } from "../../lab";
import { testLabs } from "../helpers/lab";

export default async function teardown({ maxWorkers }: { readonly maxWorkers: number }): Promise<void> {
    if (process.env.HOLDFAST_LAB !== `jest-${process.pid}`) return;
    for (const id of testLabs(maxWorkers)) await labDown(id);
}
