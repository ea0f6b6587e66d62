"""Uses the tools with the client for Python of the Model Context Protocol, in its newest form and in the one before."""

import asyncio
import importlib.metadata
import sys

from mcp.client import Client


async def use(url, mode):
    async with Client(url + "/mcp", mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["article", "ask", "search"]

        asked = await client.call_tool("ask", {"question": "天眼的反射面用了多少块板子拼起来？"})
        answer, said = asked.structured_content, asked.content[0].text
        first = answer["citations"][0]
        assert not asked.is_error and answer["status"] == "answered" and "4450" in first["quote"], answer
        assert first["quote"] in said and f"{first['article']['file']}:{first['location']['start_line']}" in said, said

        found = await client.call_tool("search", {"query": "天眼", "k": 3, "filter": {"file": first["article"]["file"]}})
        assert len(found.structured_content["hits"]) == 3 and "天眼" in found.content[0].text, found

        read = await client.call_tool("article", {"id": first["article"]["id"]})
        at = first["location"]
        assert read.structured_content["text"][at["start_char"] : at["end_char"]] == first["quote"], read

        for tool, arguments in [("ask", {}), ("search", {"query": "天眼", "k": 0}), ("article", {"id": "999999"})]:
            wrong = await client.call_tool(tool, arguments)
            assert wrong.is_error and wrong.content[0].text, wrong


for mode in ["auto", "legacy"]:
    asyncio.run(asyncio.wait_for(use(sys.argv[1], mode), 60))
print(f"MCP's client for Python {importlib.metadata.version('mcp')}: ask, search, article, errors")
