import type { Table } from "../table.js";

export function measurePeers(isSoftware: boolean, quick: boolean): Promise<Table>;
