// Express, which leaves validation to the user: here zod does it. `node express.cjs PORT`.

const express = require("express");
const { z } = require("zod");

const Item = z.object({
  item_id: z.coerce.number().int().min(1).max(1000000),
  q: z.string().min(2).max(50).nullable().default(null),
  limit: z.string().regex(/^-?\d+$/).transform(Number).pipe(z.number().min(1).max(100)).default(10),
  in_stock: z.enum(["true", "false"]).transform((text) => text === "true").default(false),
});
const Customer = z.object({
  name: z.string().min(1).max(100),
  tags: z.array(z.string()).default([]),
  address: z.object({
    street: z.string(),
    city: z.string(),
    postcode: z.string().regex(/^[0-9A-Z -]{3,10}$/),
  }),
});
const Line = z.object({ sku: z.string(), quantity: z.number().int().min(1), price: z.number().gt(0) });
const Order = z.object({ customer: Customer, lines: z.array(Line), note: z.string().nullable().default(null) });

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use(express.json());

app.get("/", (request, response) => {
  response.json({ message: "Hello, World!" });
});

app.get("/items/:item_id", (request, response) => {
  const item = Item.safeParse({ ...request.query, ...request.params });
  if (!item.success) return response.status(422).json({ detail: item.error.issues });
  response.json(item.data);
});

app.post("/orders", (request, response) => {
  const order = Order.safeParse(request.body);
  if (!order.success) return response.status(422).json({ detail: order.error.issues });
  const { customer, lines } = order.data;
  const total = lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
  response.status(201).json({ number: 1, customer, lines, total });
});

app.listen(Number(process.argv[2]), "127.0.0.1");
