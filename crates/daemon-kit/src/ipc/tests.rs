//! Clients and servers over real sockets.

mod faults;
mod killed;
mod lifetime;
mod load;
mod service;
