//! What the fuzz targets call: the properties that the tests of the library replay over the committed corpus, too.

#[path = "../../tests/it/support/properties.rs"]
pub mod properties;

#[path = "../../tests/it/support/world.rs"]
pub mod world;
