"""Uses an MCP server as an agent does. Stdin: a JSON list of [tool, arguments]; arguments of the server stand on the command
line. Stdout: the tools that there are, and what came of each call."""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def main() -> None:
    calls = json.load(sys.stdin)
    server = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        results = []
        for name, arguments in calls:
            result = await client.call_tool(name, arguments)
            results.append({"error": bool(result.is_error), "data": result.structured_content})
    json.dump({"tools": {tool.name: tool.input_schema for tool in tools}, "results": results}, sys.stdout)


asyncio.run(main())
