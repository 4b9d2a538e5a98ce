// todo.js: a to-do list that agents can use for people; everybody has a list of their own.

import { tokenOf } from '@authwright/node'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const maxPeople = 1000
const maxItems = 100 // per person

/** Lists are the items of people by subject, in memory and within bounds. */
class Lists {
  #people = new Map()

  of(subject) {
    return this.#people.get(subject)?.items ?? []
  }

  add(subject, title) {
    if (!this.#people.has(subject) && this.#people.size >= maxPeople) throw new Error('this demo holds no more people')
    const mine = this.#people.get(subject) ?? { items: [], last: 0 }
    if (mine.items.length >= maxItems) throw new Error(`your list is full: it holds ${maxItems} items, delete one first`)
    const item = { id: String(++mine.last), title, done: false }
    mine.items.push(item)
    this.#people.set(subject, mine)
    return item
  }

  find(subject, id) {
    const item = this.of(subject).find((one) => one.id === id)
    if (item === undefined) throw new Error(`you have no item "${id}"`)
    return item
  }

  remove(subject, id) {
    const item = this.find(subject, id)
    this.of(subject).splice(this.of(subject).indexOf(item), 1)
    return item
  }
}

const lists = new Lists()
const title = z.string().trim().min(1).max(200).regex(/^\P{Cc}*$/u, 'must be one line').describe('what there is to do, in one line')
const id = z.string().describe('the id of the item, as list_items tells it')

/** rules are what the server needs of a token: to read is asked for at first, to write when a tool needs it. */
export const rules = {
  name: 'To-do',
  scopes: ['todo.read'],
  tools: { create_item: ['todo.write'], complete_item: ['todo.write'], delete_item: ['todo.write'] },
  implies: { 'todo.write': ['todo.read'] },
  allowedOrigins: ['http://localhost:*', 'http://127.0.0.1:*'], // pages of this machine, such as MCP Inspector's
}

/** addTools gives a server the tools of the list. Whose list it is says the token of the call. */
export function addTools(server) {
  const tool = (name, config, run) =>
    server.registerTool(name, { inputSchema: z.object({}), ...config }, (args, ctx) => {
      const structuredContent = run(tokenOf(ctx), args)
      return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent }
    })
  tool('whoami', { description: 'Tell for whom you act, as which client, and what you may do.', annotations: { readOnlyHint: true } },
    ({ subject, clientId, scopes }) => ({ subject, client_id: clientId, scopes: [...scopes] }))
  tool('list_items', { description: 'List what there is to do.', annotations: { readOnlyHint: true } },
    ({ subject }) => ({ items: lists.of(subject) }))
  tool('create_item', { description: 'Add something to do.', inputSchema: z.object({ title }), annotations: { destructiveHint: false } },
    ({ subject }, args) => lists.add(subject, args.title))
  tool('complete_item', { description: 'Mark an item as done.', inputSchema: z.object({ id }), annotations: { destructiveHint: false } },
    ({ subject }, args) => Object.assign(lists.find(subject, args.id), { done: true }))
  tool('delete_item', { description: 'Delete an item for good.', inputSchema: z.object({ id }) },
    ({ subject }, args) => lists.remove(subject, args.id))
}

/** todo is the MCP server. It keeps nothing of its own, so one is made for each request. */
export function todo() {
  const server = new McpServer({ name: 'authwright-todo', title: 'To-do', version: '1.0.0' }, { instructions: 'The to-do list of the person who allowed you in.' })
  addTools(server)
  return server
}
