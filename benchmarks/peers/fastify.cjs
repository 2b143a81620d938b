// Fastify with JSON schemas for requests and answers, as its documentation advises: `node fastify.cjs PORT`.
// CommonJS, because NODE_PATH (where the pinned packages are) is not looked at for ECMAScript modules.

const app = require("fastify")();

const address = {
  type: "object",
  required: ["street", "city", "postcode"],
  properties: {
    street: { type: "string" },
    city: { type: "string" },
    postcode: { type: "string", pattern: "^[0-9A-Z -]{3,10}$" },
  },
};
const customer = {
  type: "object",
  required: ["name", "address"],
  properties: {
    name: { type: "string", minLength: 1, maxLength: 100 },
    tags: { type: "array", items: { type: "string" }, default: [] },
    address,
  },
};
const line = {
  type: "object",
  required: ["sku", "quantity", "price"],
  properties: {
    sku: { type: "string" },
    quantity: { type: "integer", minimum: 1 },
    price: { type: "number", exclusiveMinimum: 0 },
  },
};
const lines = { type: "array", items: line };
const order = {
  type: "object",
  required: ["customer", "lines"],
  properties: { customer, lines, note: { type: "string", nullable: true, default: null } },
};
const receipt = {
  type: "object",
  properties: { number: { type: "integer" }, customer, lines, total: { type: "number" } },
};
const product = {
  type: "object",
  properties: {
    id: { type: "integer" },
    name: { type: "string" },
    price: { type: "number" },
    tags: { type: "array", items: { type: "string" } },
    in_stock: { type: "boolean" },
    added: { type: "string" },
  },
};

const message = { type: "object", properties: { message: { type: "string" } } };

app.get("/", { schema: { response: { 200: message } } }, async () => ({ message: "Hello, World!" }));

app.get("/items/:item_id", {
  schema: {
    params: { type: "object", properties: { item_id: { type: "integer", minimum: 1, maximum: 1000000 } } },
    querystring: {
      type: "object",
      properties: {
        q: { type: "string", nullable: true, minLength: 2, maxLength: 50, default: null },
        limit: { type: "integer", minimum: 1, maximum: 100, default: 10 },
        in_stock: { type: "boolean", default: false },
      },
    },
    response: {
      200: {
        type: "object",
        properties: {
          item_id: { type: "integer" },
          q: { type: "string", nullable: true },
          limit: { type: "integer" },
          in_stock: { type: "boolean" },
        },
      },
    },
  },
}, async (request) => ({ item_id: request.params.item_id, ...request.query }));

app.post("/orders", { schema: { body: order, response: { 201: receipt } } }, async (request, reply) => {
  const { customer, lines } = request.body;
  const total = lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
  reply.code(201);
  return { number: 1, customer, lines, total };
});

const products = Array.from({ length: 1000 }, (_, id) => ({
  id,
  name: `Lamp ${id}`,
  price: id + 0.5,
  tags: ["light", "desk"],
  in_stock: id % 3 > 0,
  added: new Date(Date.UTC(2026, 0, 1, id)).toISOString().replace(".000Z", "Z"),
}));

app.get("/products", { schema: { response: { 200: { type: "array", items: product } } } }, async () => products);

app.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
