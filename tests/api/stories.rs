//! The stories of `examples/`, each told to its end on both databases: what they expect of an answer is what is tested.
#![expect(clippy::duplicate_mod, reason = "an example is a crate of its own and brings what the stories share")]

use crate::harness::on_both;

#[path = "../../examples/competitor_story.rs"]
mod competitor_story;
#[path = "../../examples/consumer_story.rs"]
mod consumer_story;
#[path = "../../examples/douyin_story.rs"]
mod douyin_story;

on_both! {
    async fn a_consumer_misunderstands(app) {
        rejoinder::demo::prepare(&app.store).await.expect("the demo agency");
        consumer_story::tell(&app.url).await.expect("the story");
    }

    async fn a_competitor_forges_chat_logs(app) {
        rejoinder::demo::prepare(&app.store).await.expect("the demo agency");
        competitor_story::tell(&app.url).await.expect("the story");
    }

    async fn a_platform_finds_fake_transactions(app) {
        rejoinder::demo::prepare(&app.store).await.expect("the demo agency");
        douyin_story::tell(&app.url).await.expect("the story");
    }
}
