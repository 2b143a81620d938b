// Go's net/http and encoding/json, the validation written out; WebSockets with gorilla/websocket. `net_http PORT`.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

type message struct {
	Message string `json:"message"`
}

type item struct {
	ID      int     `json:"item_id"`
	Q       *string `json:"q"`
	Limit   int     `json:"limit"`
	InStock bool    `json:"in_stock"`
}

type address struct {
	Street   *string `json:"street"`
	City     *string `json:"city"`
	Postcode string  `json:"postcode"`
}

type customer struct {
	Name    string   `json:"name"`
	Tags    []string `json:"tags"`
	Address address  `json:"address"`
}

type line struct {
	SKU      *string `json:"sku"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
}

type order struct {
	Customer customer `json:"customer"`
	Lines    []line   `json:"lines"`
	Note     *string  `json:"note"`
}

type receipt struct {
	Number   int      `json:"number"`
	Customer customer `json:"customer"`
	Lines    []line   `json:"lines"`
	Total    float64  `json:"total"`
}

type product struct {
	ID      int       `json:"id"`
	Name    string    `json:"name"`
	Price   float64   `json:"price"`
	Tags    []string  `json:"tags"`
	InStock bool      `json:"in_stock"`
	Added   time.Time `json:"added"`
}

var postcode = regexp.MustCompile(`^[0-9A-Z -]{3,10}$`)
var products = makeProducts()
var upgrader = websocket.Upgrader{}

func main() {
	http.HandleFunc("/", hello)
	http.HandleFunc("/items/", readItem)
	http.HandleFunc("/orders", createOrder)
	http.HandleFunc("/products", listProducts)
	http.HandleFunc("/echo", echo)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}

func hello(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/":
		refuse(w, http.StatusNotFound, "Not Found")
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed")
	default:
		answer(w, http.StatusOK, message{"Hello, World!"})
	}
}

func readItem(w http.ResponseWriter, r *http.Request) {
	found, err := parseItem(strings.TrimPrefix(r.URL.Path, "/items/"), r.URL.Query())
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, http.StatusOK, found)
}

func parseItem(id string, query url.Values) (found item, err error) {
	found.Limit = 10
	if found.ID, err = strconv.Atoi(id); err != nil || found.ID < 1 || found.ID > 1000000 {
		return found, fmt.Errorf("item_id is an integer from 1 to 1000000")
	}
	if query.Has("q") {
		q := query.Get("q")
		if length := utf8.RuneCountInString(q); length < 2 || length > 50 {
			return found, fmt.Errorf("q has 2 to 50 characters")
		}
		found.Q = &q
	}
	if query.Has("limit") {
		if found.Limit, err = strconv.Atoi(query.Get("limit")); err != nil || found.Limit < 1 || found.Limit > 100 {
			return found, fmt.Errorf("limit is an integer from 1 to 100")
		}
	}
	if query.Has("in_stock") {
		if found.InStock, err = strconv.ParseBool(query.Get("in_stock")); err != nil {
			return found, fmt.Errorf("in_stock is true or false")
		}
	}
	return found, nil
}

func createOrder(w http.ResponseWriter, r *http.Request) {
	var placed order
	if err := json.NewDecoder(r.Body).Decode(&placed); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if err := placed.check(); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	total := 0.0
	for _, line := range placed.Lines {
		total += float64(line.Quantity) * line.Price
	}
	answer(w, http.StatusCreated, receipt{1, placed.Customer, placed.Lines, total})
}

func (placed *order) check() error {
	customer := &placed.Customer
	length := utf8.RuneCountInString(customer.Name)
	switch {
	case length < 1 || length > 100:
		return fmt.Errorf("a name has 1 to 100 characters")
	case customer.Address.Street == nil || customer.Address.City == nil:
		return fmt.Errorf("an address has street and city")
	case !postcode.MatchString(customer.Address.Postcode):
		return fmt.Errorf("a postcode has 3 to 10 capital letters, digits, spaces and dashes")
	case placed.Lines == nil:
		return fmt.Errorf("an order has lines")
	}
	if customer.Tags == nil {
		customer.Tags = []string{}
	}
	for _, line := range placed.Lines {
		if line.SKU == nil || line.Quantity < 1 || line.Price <= 0 {
			return fmt.Errorf("a line has an SKU, a quantity and a price above zero")
		}
	}
	return nil
}

func makeProducts() []product {
	made := make([]product, 1000)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for id := range made {
		added := start.Add(time.Duration(id) * time.Hour)
		made[id] = product{id, fmt.Sprintf("Lamp %d", id), float64(id) + 0.5, []string{"light", "desk"}, id%3 > 0, added}
	}
	return made
}

func listProducts(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, products)
}

func echo(w http.ResponseWriter, r *http.Request) {
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer socket.Close()
	for {
		kind, text, err := socket.ReadMessage()
		if err != nil || socket.WriteMessage(kind, text) != nil {
			return
		}
	}
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(content)
}

func refuse(w http.ResponseWriter, status int, detail string) {
	answer(w, status, map[string]string{"detail": detail})
}
