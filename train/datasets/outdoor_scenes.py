"""The outdoor scene categories of ADE20K, judged by their names, since no list was published."""

from __future__ import annotations

_NAMES = """
abbey access_road aerial airfield airport_runway airstrip alley amphitheater amusement_park anchorage apartment_building aqueduct
arbor arch archaelogical_excavation archipelago arroyo avenue badlands balcony bamboo_forest barn baseball_field basketball_court
bayou bazaar beach beach_house beer_garden berth bleachers boardwalk boat_deck boathouse bog botanical_garden breakwater bridge
brooklet building_complex building_facade bullring bus_depot bus_shelter butte bypass cabana cabin campsite campus canal canyon
car_dealership caravansary carport_freestanding carrousel castle cemetery chalet chaparral chemical_plant chicken_yard church city
cliff cloister coast coastal_road construction_site corn_field cornfield corral cottage cottage_garden country_house country_road
courthouse courtyard covered_bridge creek crevasse crosswalk cultivated_field dacha dam deck deepwater_port delta desert
desert_road dirt_track ditch dock dolmen donjon downtown drive_in_theater driveway duck_pond dunes dwelling earth_fissure
embankment entranceway escarpment estuary excavation fairway farm farm_building field field_road fire_escape fire_station fishpond
floating_bridge floodplain football_field ford forecourt forest forest_path forest_road formal_garden fort fortress fountain
freeway garbage_dump garden gas_station gasworks gate gazebo geodesic_dome geyser glacier glade glen golf_course gorge
grain_elevator grape_arbor grassland greenway grotto grove gulch hacienda hangar harbor hayfield heath hedge_maze hedgerow
heliport herb_garden hermitage highway hill historic_site home_front hot_spring hotel house house_trailer housing_estate
housing_project hovel hunting_lodge hut ice_floe ice_shelf iceberg igloo industrial_area industrial_park industrial_site
intersection irrigation_ditch island islet jetty junction junkyard lagoon lake lakefront lakeside landfill landing landing_strip
lawn levee lighthouse log_cabin logging_camp manor mansion manufactured_home marina market marsh mastaba mausoleum meadow megalith
mesa military_base mill mine mineral_spring miniature_golf_course moat moor mosque motel mountain mountain_pass mountain_path
mountain_road mountain_snowy mountainside mud_flat nature_reserve newsstand northern_lights nuclear_power_plant oasis
observation_station observatory ocean office_building oil_refinery oilrig orchard outback outcropping outhouse overpass pagoda
palace palisade parade_ground park park_bench parking_lot parkway parterre pasture path pathway patio pavilion peaks peat_bog
phone_booth piazza picnic_area pier pig_farm plantation playground playing_field plaza plaza_de_toros polder pond porch port
postern power_plant prairie private_garden promenade promontory pyramid quarry quay quicksand race_track racecourse raceway
railroad_track railway_yard rainforest ranch ranch_house rapids ravine reef refinery reservoir residential_neighborhood resort
rest_area rice_paddy ridge riding_arena rift_valley river road roadside rock_arch roof roof_garden ropewalk row_house rubble ruin
runway salt_plain sand_dune sandbar sandbox savanna sawmill schoolhouse schoolyard sculpture_garden sea_cliff seawall shantytown
shed shipyard shopping_street shore sidewalk skatepark ski_jump ski_lodge ski_resort ski_run ski_slope sky skyscraper slope slum
snowbank snowfield soccer_field spillway sports_field square stable stadium standing_stones statue steppe stone_circle street
strip_mall strip_mine submarine_base suburb suburban summerhouse swamp swimming_hole synagogue tea_garden temple tennis_court
terrace terraced_field threshing_floor tidal_basin tidal_river tide_pool tiltyard toll_plaza topiary_garden tower town_house
town_square towpath track trail trailer_park train_railway train_station_platform transmission_tower tree_farm tree_house
trestle_bridge tropical_island tundra underwater_coral_reef unpaved_road urban_area valley vegetable_garden vegetation viaduct
village vineyard volcano volleyball_court walkway watchtower water_fountain water_gate water_mill water_park water_tower waterfall
waterfall_block waterfall_fan waterfall_plunge watering_hole waterscape waterway wave weir wetland wharf wheat_field wild_field
wilderness wind_farm windmill woodland yacht_deck yard zen_garden zoo
"""
_OUTDOOR = frozenset(_NAMES.split())


def is_outdoor(scene: str) -> bool:
    """Whether a scene category of ADE20K, such as ``mountain_snowy`` or ``church_outdoor``, is outdoors."""
    words = scene.strip().lower().replace("/", "_").replace("-", "_")
    if "indoor" in words.split("_"):
        return False
    return "outdoor" in words.split("_") or words in _OUTDOOR
