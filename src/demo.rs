//! A demo agency: shops on several platforms, a member of each role, and living cases in different stages. Made once, through the same use
//! cases that requests go through.

use crate::{
    domain::{
        access::*,
        grant::Cover,
        ids::{CaseId, MemberId, ShopId, TenantId},
        text::Email,
        vocabulary::TaskStatus,
    },
    store::{
        Failure, Store, Tx,
        page::{Page, Sort, SortKey},
        records::TaskFilter,
    },
    usecases::{
        allegations::{self, AllegationPatch},
        cases::{self, StageTransition},
        comments::{self, NewComment},
        grants::{self, NewGrant},
        shops, tasks,
        tasks::TaskPatch,
        tenants::{self, Trouble},
    },
};
use serde_json::{Value, json};

/// The password of everybody in the demo. It is public: the demo is not a place for real cases.
pub const PASSWORD: &str = "rejoinder-demo";
const OWNER: &str = "owner@demo.example";
const MEMBERS: &[(&str, &str, Role)] = &[
    ("manager@demo.example", "王经理", Role::Manager),
    ("handler@demo.example", "李专员", Role::Handler),
    ("counsel@demo.example", "陈律师", Role::Counsel),
    ("client@demo.example", "赵店主", Role::Client),
    ("auditor@demo.example", "周审计", Role::Auditor),
];

/// A demo that is ready.
#[derive(Debug)]
pub struct Demo {
    fresh: bool,
}

impl Demo {
    /// What to tell whoever started it.
    #[must_use]
    pub fn greeting(&self, url: &str) -> String {
        let made = if self.fresh { "made a demo agency" } else { "the demo agency is there already" };
        format!(
            "rejoinder {version} listens on {url}: {made}

  log in as   {OWNER}, manager@, handler@, counsel@, client@ or auditor@demo.example
  password    {PASSWORD}
  API pages   {url}/docs/

  paste this: what is due next over all shops?

  TOKEN=$(curl -s {url}/v1/sessions -H 'Content-Type: application/json' -d '{{\"email\":\"handler@demo.example\",\"password\":\"{PASSWORD}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')
  curl -s \"{url}/v1/cases?status=open&sort=next_due_at\" -H \"Authorization: Bearer $TOKEN\" -H 'Accept-Language: en'
",
            version = env!("CARGO_PKG_VERSION")
        )
    }
}

/// An input of a use case, written as a client would send it.
fn input<T: for<'de> serde::Deserialize<'de>>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| crate::store::StoreError::Broken(format!("the demo's own input: {e}")).into())
}

/// Makes the demo agency, unless it is there.
///
/// # Errors
/// When the database fails.
pub async fn prepare(store: &Store) -> Result<Demo, Trouble> {
    let known = store.before_login(false, "demo".into(), |entrance| Ok(entrance.person_by_email(OWNER)?.is_some())).await?;
    if known {
        return Ok(Demo { fresh: false });
    }
    let email = Email::try_from(OWNER.to_owned()).map_err(|e| Failure::Store(crate::store::StoreError::Broken(e)))?;
    let name = "晨曦电商服务（演示）".to_owned().try_into().map_err(|e| Failure::Store(crate::store::StoreError::Broken(e)))?;
    let tenant = tenants::create(store, name, email, Some(PASSWORD.to_owned()), tenants::Known::Refuse).await?;
    let (tenant_id, owner) = (tenant.tenant_id, tenant.member_id);
    let hash = crate::auth::passwords::hash_now(PASSWORD, store.ground().clock.random())?;
    let members = store
        .before_login(true, "demo".into(), move |entrance| {
            let clock = entrance.ground().clock.clone();
            let mut ids = Vec::new();
            for (email, name, role) in MEMBERS {
                let (person, member) = (clock.new_id(), clock.new_id());
                entrance.insert_person(person, email, name, &hash, true)?;
                entrance.insert_member(tenant_id, member, person, *role)?;
                ids.push((*role, member));
            }
            Ok(ids)
        })
        .await?;
    let of_role = move |wanted: Role| members.iter().find(|(role, _)| *role == wanted).map_or(owner, |(_, id)| *id);
    let people = People { handler: of_role(Role::Handler), counsel: of_role(Role::Counsel), client: of_role(Role::Client) };
    fill(store, tenant_id, owner, people).await?;
    Ok(Demo { fresh: true })
}

#[derive(Clone, Copy)]
struct People {
    handler: MemberId,
    counsel: MemberId,
    client: MemberId,
}

/// Shops, grants, and a case in each of several stages.
async fn fill(store: &Store, tenant: TenantId, owner: MemberId, people: People) -> Result<(), Failure> {
    let shops = store.as_owner(tenant, owner, register_shops).await?;
    let [douyin, tmall, taobao] = shops;
    let cases = store.as_owner(tenant, owner, move |tx| open_cases(tx, douyin, tmall, taobao, people.handler)).await?;
    let [appeal, consumer, _] = cases;
    store
        .as_owner(tenant, owner, move |tx: &mut Tx<'_, WriteGrants>| {
            grants::create(tx, input::<NewGrant>(json!({ "member_id": people.client, "shop_id": douyin, "covers": [Cover::Write] }))?)?;
            let ends_at = tx.now().plus_seconds(60 * 24 * 3600);
            grants::create(
                tx,
                input::<NewGrant>(json!({ "member_id": people.counsel, "case_id": appeal, "covers": [Cover::Write], "ends_at": ends_at }))?,
            )?;
            Ok(())
        })
        .await?;
    for (author, visibility, body) in [
        (people.handler, "internal", "仓库确认 11 月 9 日爆单，底单还差三张。"),
        (people.client, "client", "缺的底单明天上午补传。"),
        (people.counsel, "privileged", "自认范围建议限于已查实的 14 单，其余举证。"),
    ] {
        let new: NewComment = input(json!({ "body": body, "visibility": visibility }))?;
        store.as_owner(tenant, author, move |tx| comments::on_case(tx, appeal, None, new)).await?;
    }
    store.as_owner(tenant, owner, move |tx| work_on(tx, appeal, &["INT-01", "INT-02", "INT-03", "INT-04", "INT-05", "SC-01"])).await?;
    store.as_owner(tenant, owner, move |tx| conclude(tx, consumer)).await
}

fn register_shops(tx: &mut Tx<'_, WriteShops>) -> Result<[ShopId; 3], Failure> {
    let mut make = |name: &str, platform: &str, id: &str| -> Result<ShopId, Failure> {
        let new = json!({ "name": name, "platform": platform, "platform_shop_id": id, "legal_entity": "杭州晨光家居有限公司", "credit_code": "91350100M000100Y43" });
        Ok(shops::create(tx, input(new)?)?.id)
    };
    Ok([
        make("晨光家居抖音店", "douyin", "dy-7781")?,
        make("晨光家居旗舰店", "tmall", "tm-2210")?,
        make("晨光生活馆", "taobao", "tb-9034")?,
    ])
}

fn open_cases(tx: &mut Tx<'_, OpenCases>, douyin: ShopId, tmall: ShopId, taobao: ShopId, lead: MemberId) -> Result<[CaseId; 3], Failure> {
    let now = tx.now();
    let mut open = |shop: ShopId, title: &str, priority: &str, complaint: Value| -> Result<CaseId, Failure> {
        let new = json!({ "shop_id": shop, "title": title, "priority": priority, "lead_id": lead, "complaint": complaint });
        Ok(cases::open(tx, input(new)?)?.0.id)
    };
    let appeal = open(
        douyin,
        "抖音：涉嫌虚假交易 120 单",
        "urgent",
        json!({
            "channel": "platform", "kind": "platform_finding", "received_at": now.plus_seconds(-26 * 3600), "reference_no": "DY20261118-7781",
            "summary": "平台认定近 90 天内 120 单涉嫌虚假交易，7 天内可申诉。",
            "allegations": [{ "kind": "fictitious_transaction", "description": "120 单涉嫌虚假交易", "order_count": 120, "legal_basis": "【虚假交易】处置细则" }],
            "reporter": { "type": "platform", "confidence": "high", "basis": "平台罚单页" }
        }),
    )?;
    let consumer = open(
        tmall,
        "12315：消费者称延迟发货为虚假交易",
        "normal",
        json!({
            "channel": "regulator", "kind": "complaint", "received_at": now.plus_seconds(-4 * 24 * 3600), "authority": "杭州市余杭区市场监督管理局",
            "allegations": [{ "kind": "fictitious_transaction", "description": "付款 9 天未收到货，物流无更新", "order_nos": ["TM-20261109-0042"], "order_count": 1 }],
            "reporter": { "type": "consumer", "confidence": "medium", "basis": "订单与投诉单一致" }
        }),
    )?;
    let competitor = open(
        taobao,
        "同行举报：集中下单后批量退款",
        "high",
        json!({
            "channel": "platform", "kind": "report", "received_at": now.plus_seconds(-2 * 3600),
            "allegations": [{ "kind": "fictitious_transaction", "description": "三日内 310 单集中下单后退款", "order_count": 310 }],
            "reporter": { "type": "competitor" }
        }),
    )?;
    Ok([appeal, consumer, competitor])
}

/// Does the tasks with these keys.
fn work_on(tx: &mut Tx<'_, WorkTasks>, case: CaseId, keys: &[&str]) -> Result<(), Failure> {
    for key in keys {
        let page = Page {
            filter: TaskFilter { case_id: Some(case), ..TaskFilter::default() },
            sort: Sort { by: SortKey::DueAt, descending: false },
            after: None,
            limit: 200,
        };
        let found = crate::store::tasks::list(&mut tx.narrow::<ReadCases>(), page)?;
        if let Some(task) = found.into_iter().map(|found| found.task).find(|task| task.key.as_deref() == Some(key)) {
            let patch = TaskPatch { status: Some(TaskStatus::Done), ..TaskPatch::default() };
            tasks::change(tx, task.id, task.version, patch)?;
        }
    }
    Ok(())
}

/// Concludes on the allegations of a case and begins its cooperation stage.
fn conclude(tx: &mut Tx<'_, WriteCases>, case: CaseId) -> Result<(), Failure> {
    let found = crate::store::cases::find(&mut tx.narrow::<ReadCases>(), case)?;
    for allegation in crate::store::allegations::list(&mut tx.narrow::<ReadCases>(), &found)? {
        let patch: AllegationPatch =
            input(json!({ "conclusion": { "result": "explained", "basis": "仓库爆单导致延迟，物流底单与签收记录齐全" } }))?;
        allegations::change(tx, allegation.id, allegation.version, patch)?;
    }
    let begin: StageTransition = input(json!({ "to": "active" }))?;
    cases::move_stage(tx, case, None, crate::domain::vocabulary::Stage::Cooperation, begin)?;
    Ok(())
}
