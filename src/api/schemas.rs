//! The document in the form that readers and generated clients can use: names for what has a meaning or occurs often, and for nothing else.

use super::problem::MEDIA_TYPE;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::{
    OpenApi, Ref, RefOr, Response, Schema,
    path::Operation,
    schema::{AdditionalProperties, ArrayItems, Components, Object, SchemaType, Type},
};

/// What a reference to a schema begins with.
pub(super) const PREFIX: &str = "#/components/schemas/";

/// Says bounded texts where they stand, refers to vocabularies by their names, and lets what may be null keep its description.
pub(super) fn tidy(document: &mut OpenApi) {
    let mut components = document.components.take().unwrap_or_default();
    let (bare, named) = sorted(&components);
    components.schemas.retain(|name, _| !bare.contains_key(name));
    let change = |schema: &mut RefOr<Schema>| {
        spell_out(schema, &bare);
        call_by_name(schema, &named);
        lift_description(schema);
        widen_to_null(schema);
    };
    for schema in components.schemas.values_mut() {
        // A schema itself is not to be replaced by its name: only what is in it.
        inside(schema, &change);
    }
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter
                && let Some(schema) = &mut parameter.schema
            {
                each(schema, &change);
            }
        }
    }
    document.components = Some(components);
}

/// The operations of a path.
pub(super) fn operations(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().filter_map(Option::as_mut)
}

/// The names of the schemas of what has a version.
pub(super) fn with_version(document: &OpenApi) -> BTreeSet<String> {
    let schemas = document.components.iter().flat_map(|components| &components.schemas);
    let versioned =
        |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.properties.contains_key("version"));
    schemas.filter(|(_, schema)| versioned(schema)).map(|(name, _)| name.clone()).collect()
}

/// A refusal that several operations answer with is said once, under the codes that it names.
pub(super) fn share_refusals(document: &mut OpenApi) {
    let mut all: BTreeMap<String, Vec<&mut RefOr<Response>>> = BTreeMap::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for answer in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = answer
                && response.content.contains_key(MEDIA_TYPE)
            {
                let codes: Vec<&str> = response.description.split('`').skip(1).step_by(2).collect();
                all.entry(codes.join("_or_")).or_default().push(answer);
            }
        }
    }
    let components = document.components.get_or_insert_with(Default::default);
    for (name, answers) in all.into_iter().filter(|(_, answers)| answers.len() > 1) {
        for answer in answers {
            let response = std::mem::replace(answer, Ref::from_response_name(&name).into());
            components.responses.entry(name.clone()).or_insert(response);
        }
    }
}

type Named = BTreeMap<String, Object>;

/// The schemas that are mere bounded text, and those that have something to say under their name.
fn sorted(components: &Components) -> (Named, Named) {
    let objects = components.schemas.iter().filter_map(|(name, schema)| match schema {
        RefOr::T(Schema::Object(object)) if object.properties.is_empty() => Some((name.clone(), object.clone())),
        _ => None,
    });
    let says_nothing = |object: &Object| {
        let text = object.schema_type == SchemaType::Type(Type::String);
        text && object.description.is_none() && object.format.is_none() && object.pattern.is_none() && object.enum_values.is_none()
    };
    objects.partition(|(_, object)| says_nothing(object))
}

/// Brings a change to a schema and all schemas in it, the inner ones first.
fn each(schema: &mut RefOr<Schema>, change: &impl Fn(&mut RefOr<Schema>)) {
    inside(schema, change);
    change(schema);
}

fn inside(schema: &mut RefOr<Schema>, change: &impl Fn(&mut RefOr<Schema>)) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(|property| each(property, change));
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                each(values, change);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                each(items, change);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(|item| each(item, change)),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(|item| each(item, change)),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(|item| each(item, change)),
        _ => {}
    }
}

/// A reference to mere text becomes the text with its bounds.
fn spell_out(schema: &mut RefOr<Schema>, bare: &Named) {
    if let RefOr::Ref(reference) = schema
        && let Some(text) = reference.ref_location.strip_prefix(PREFIX).and_then(|name| bare.get(name))
    {
        let mut text = text.clone();
        text.description = Some(std::mem::take(&mut reference.description)).filter(|description| !description.is_empty());
        *schema = text.into();
    }
}

/// What is described under a name already is referred to by it.
fn call_by_name(schema: &mut RefOr<Schema>, named: &Named) {
    if let RefOr::T(Schema::Object(object)) = schema
        && object.description.is_some()
        && let Some((name, _)) = named.iter().find(|(_, known)| *known == object)
    {
        *schema = Ref::from_schema_name(name).into();
    }
}

/// A description of what may be null stands at the property, where generators look for it.
fn lift_description(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(choice)) = schema
        && let Some(first) = choice.items.first_mut()
        && choice.description.is_none()
    {
        let said = match first {
            RefOr::Ref(reference) => Some(std::mem::take(&mut reference.description)),
            RefOr::T(Schema::Object(object)) => object.description.take(),
            RefOr::T(_) => None,
        };
        choice.description = said.filter(|description| !description.is_empty());
    }
}

/// Text or null is one type with two names, not a choice.
fn widen_to_null(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(choice)) = schema
        && let [RefOr::T(Schema::Object(text)), RefOr::T(Schema::Object(null))] = choice.items.as_slice()
        && text.schema_type == SchemaType::Type(Type::String)
        && null.schema_type == SchemaType::Type(Type::Null)
    {
        let mut text = text.clone();
        text.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
        text.description = choice.description.take();
        *schema = text.into();
    }
}
